import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, type Page } from "@playwright/test";
import { onPackage as test } from "./support/package";

// Where the library runs beside a page of its own: the caller's worker, frames of other sites, sandboxed frames.

/** Classifies the cat beside a script or a document, and reports the outcome by `report`. */
const CLASSIFY = `
  const outcome = async (folder, options = {}) => {
    const { createClassifier } = await import(folder + "index.js");
    try {
      const classifier = await createClassifier({
        weights: folder + "small.safetensors",
        device: "cpu",
        ...options,
      });
      const { top } = await classifier.classify(folder + "cat.png");
      const { threads } = await classifier.device;
      classifier.dispose();
      return { index: top[0].index, threads: threads.count > 1, isolated: crossOriginIsolated };
    } catch ({ code, message }) {
      return { code, message };
    }
  };`;

const onOne = { index: 5, threads: false, isolated: false };
const onSeveral = { index: 5, threads: true, isolated: true };

test.describe("in the caller's own worker", () => {
  /** Starts a worker with a script, and returns what it posts. */
  const posted = (page: Page, script: string, isBlob = false) =>
    page.evaluate(
      ([script, isBlob]) => {
        const text = isBlob ? [script] : [];
        const address = isBlob
          ? URL.createObjectURL(new Blob(text, { type: "text/javascript" }))
          : script;
        const worker = new Worker(address, { type: "module" });
        return new Promise((resolve) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => resolve({ message });
        });
      },
      [script, isBlob] as const,
    );

  for (const isolates of [false, true]) {
    test(
      isolates ? "on several threads, where the page is isolated" : "on one thread",
      async ({ page, own }) => {
        own.isolates = isolates;
        own.change(
          "own.js",
          () => `${CLASSIFY} outcome(new URL("./", import.meta.url).href).then(postMessage);`,
        );
        await page.goto(`${own.address}page.html`);
        expect(await posted(page, "own.js")).toEqual(isolates ? onSeveral : onOne);
      },
    );
  }

  test("addresses are relative to it, and images may be its own", async ({ page, own }) => {
    own.change(
      "own.js",
      () => `
        import { createClassifier } from "./index.js";
        const classifier = await createClassifier({ weights: "small.safetensors", device: "cpu" });
        const file = await (await fetch("cat.png")).blob();
        const bitmap = await createImageBitmap(file);
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = canvas.getContext("2d");
        context.drawImage(bitmap, 0, 0);
        const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
        const frame = new VideoFrame(canvas, { timestamp: 0 });
        const found = [];
        for await (const { result } of classifier.classifyMany(
          ["cat.png", file, bitmap, canvas, pixels, frame],
        )) {
          found.push(result.top[0].index);
        }
        const svg = new Blob(["<svg xmlns='http://www.w3.org/2000/svg'/>"], { type: "image/svg+xml" });
        const { code } = await classifier.classify(svg).catch((error) => error);
        classifier.dispose();
        postMessage({ found, code });
      `,
    );
    await page.goto(`${own.address}page.html`);
    expect(await posted(page, "own.js")).toEqual({
      found: Array(6).fill(5),
      code: "image-decode",
    });
  });

  test("that comes from a blob whole addresses are needed, and the error says so", async ({
    page,
    own,
  }) => {
    await page.goto(`${own.address}page.html`);
    const script = (options: string) =>
      `${CLASSIFY} outcome(${JSON.stringify(own.address)}, ${options}).then(postMessage);`;
    expect(await posted(page, script("{}"), true)).toEqual(onOne);
    expect(await posted(page, script(`{ weights: "small.safetensors" }`), true)).toMatchObject({
      code: "address",
    });
  });
});

test.describe("in a frame", () => {
  /** The outcome in a frame of another site, which has these attributes. */
  const framed = async (page: Page, folder: string, attributes: object, options = {}) =>
    page.evaluate(
      ([src, attributes]) => {
        const frame = Object.assign(document.createElement("iframe"), { src });
        for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
        const heard = new Promise((resolve) => {
          window.onmessage = ({ data }) => resolve(data);
        });
        document.body.append(frame);
        return heard;
      },
      [`${folder}frame.html#${encodeURIComponent(JSON.stringify(options))}`, attributes] as const,
    );
  const FRAME = `<!doctype html><title>A frame</title><script type="module">${CLASSIFY}
    const options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    const folder = new URL("./", location.href).href;
    outcome(folder, options).then((found) => parent.postMessage(found, "*"));
  </script>`;
  test.beforeEach(({ cdn }) => cdn.change("frame.html", () => FRAME));

  test("of another site, on one thread", async ({ page, own, cdn }) => {
    await page.goto(`${own.address}page.html`);
    expect(await framed(page, cdn.address, {})).toEqual(onOne);
  });

  test("of another site, on several threads, where both are isolated and the frame may be", async ({
    page,
    own,
    cdn,
  }) => {
    own.isolates = true;
    cdn.isolates = true;
    await page.goto(`${own.address}page.html`);
    const allow = "cross-origin-isolated";
    expect(await framed(page, cdn.address, { allow })).toEqual(onSeveral);
    expect(await framed(page, cdn.address, {})).toEqual(onOne);
  });

  test("that is sandboxed with its own origin, as in any other", async ({ page, own, cdn }) => {
    await page.goto(`${own.address}page.html`);
    const sandbox = "allow-scripts allow-same-origin";
    expect(await framed(page, cdn.address, { sandbox })).toEqual(onOne);
  });

  test("that is sandboxed without its own origin no worker starts, and the error says what it needs", async ({
    page,
    own,
    cdn,
  }) => {
    await page.goto(`${own.address}page.html`);
    expect(await framed(page, cdn.address, { sandbox: "allow-scripts" })).toEqual({
      code: "worker-unavailable",
      message: expect.stringContaining("allow-same-origin"),
    });
  });
});

test("the types need no DOM, as in a worker's program", async () => {
  const folder = await mkdtemp("package/types-");
  try {
    await writeFile(
      path.join(folder, "worker.ts"),
      `import { createClassifier, ResNetError, type ImageInput } from "../index.js";
       declare const image: ImageInput;
       const classifier = await createClassifier({ weights: "a.pth" });
       export const { top } = await classifier.classify(image);
       export const many = classifier.classifyMany([new Blob(), new ImageData(1, 1)]);
       export const error = new ResNetError("aborted", "over");
       // @ts-expect-error There is no such type here, and so no such image.
       classifier.classify({} as HTMLImageElement);
      `,
    );
    const strict = ["--noEmit", "--strict", "--module", "esnext", "--moduleResolution", "bundler"];
    const lib = ["--target", "es2022", "--lib", "es2022,webworker", "--types", ""];
    const tsc = promisify(execFile)(process.execPath, [
      "node_modules/typescript/bin/tsc",
      ...strict,
      ...lib,
      "--ignoreConfig",
      path.join(folder, "worker.ts"),
    ]);
    const { stdout } = await tsc.catch((thrown) => thrown);
    expect(stdout).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});
