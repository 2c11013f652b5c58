import { readFile } from "node:fs/promises";
import { expect, type Page } from "@playwright/test";
import { onPackage as test } from "./support/package";
import { StallingServer } from "./support/stalling-server";

// What a developer does with the library beside createClassifier and classify, in the built package.

/** Opens the small page, with the library as `library` and `photo()` as the photo of a cat. */
async function open(page: Page, address: string): Promise<void> {
  await page.goto(`${address}page.html`);
  await page.evaluate(async (folder) => {
    const library = await import(`${folder}index.js`);
    const photo = async () => (await fetch("cat.png")).blob();
    const create = (options = {}) =>
      library.createClassifier({ weights: "small.safetensors", device: "cpu", ...options });
    Object.assign(globalThis, { library, photo, create });
  }, address);
}

declare global {
  const library: typeof import("resnet-web");
  const photo: () => Promise<Blob>;
  const create: (options?: object) => ReturnType<typeof library.createClassifier>;
}

test("every kind of image is classified, and seen as the same", async ({ page, own }) => {
  await open(page, own.address);
  const found = await page.evaluate(async () => {
    const classifier = await create();
    const file = await photo();
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const draw = () => context.drawImage(bitmap, 0, 0);
    draw();
    const offscreen = new OffscreenCanvas(width, height);
    offscreen.getContext("2d")?.drawImage(bitmap, 0, 0);
    const image = new Image();
    image.src = "cat.png";
    await image.decode();
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = canvas.captureStream();
    // A canvas's stream has a frame for each time that it is drawn on.
    const timer = setInterval(draw, 10);
    await video.play();
    clearInterval(timer);
    const frame = new VideoFrame(canvas, { timestamp: 0 });
    const inputs: Record<string, Parameters<typeof classifier.classify>[0]> = {
      Blob: file,
      File: new File([file], "cat.png"),
      ImageBitmap: bitmap,
      ImageData: context.getImageData(0, 0, width, height),
      VideoFrame: frame,
      "<img>": image,
      "<canvas>": canvas,
      "<video>": video,
      OffscreenCanvas: offscreen,
      "an address": "cat.png",
      URL: new URL("cat.png", document.baseURI),
    };
    const found: Record<string, unknown> = {};
    for (const [name, input] of Object.entries(inputs)) {
      const { top, ...answer } = await classifier.classify(input, { top: 3 });
      const [first] = top;
      const isWhole = answer.width === width && answer.height === height;
      found[name] = [first?.index, first?.probability, top.length, isWhole];
    }
    // What was passed is still the caller's.
    const isOpen = bitmap.width === width && frame.codedWidth === width;
    frame.close();
    classifier.dispose();
    return { found, isOpen };
  });
  const answer = [5, expect.closeTo(0.125, 2), 3, true];
  for (const input of Object.values(found.found)) expect(input).toEqual(answer);
  expect(Object.keys(found.found)).toHaveLength(11);
  expect(found.isOpen).toBe(true);
});

test("an image of another origin says what it lacks", async ({ page, own, cdn }) => {
  cdn.headers = { "cross-origin-resource-policy": "cross-origin" };
  await open(page, own.address);
  const codes = await page.evaluate(async (address) => {
    const classifier = await create();
    const image = new Image();
    image.src = address;
    await image.decode();
    const outcomes = await Promise.allSettled([
      classifier.classify(image),
      classifier.classify(address),
      classifier.classify("no-such.png"),
      classifier.classify(new Image()),
      classifier.classify(document.createElement("video")),
    ]);
    return outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason?.code);
  }, `${cdn.address}cat.png`);
  expect(codes).toEqual([
    "image-cross-origin",
    "image-download",
    "image-download",
    "image-decode",
    "image-decode",
  ]);
});

test.describe("an aborted signal stops", () => {
  test("a download, but not one that another classifier waits for", async ({
    page,
    own,
    weights,
  }) => {
    const server = new StallingServer(weights);
    await server.open();
    await open(page, own.address);
    const abort = (which: number) =>
      page.evaluate(async (which) => {
        const { aborts, outcomes } = globalThis as unknown as {
          aborts: AbortController[];
          outcomes: Promise<{ code: string; name: string; cause: unknown }>[];
        };
        aborts[which]?.abort(`reason ${which}`);
        const { code, name, cause } = (await outcomes[which]) ?? {};
        return { code, name, cause };
      }, which);
    await page.evaluate((weights) => {
      const first = new library.Classifier({ device: "cpu" });
      const second = new library.Classifier({ device: "cpu", sharesFilesWith: first });
      const aborts = [new AbortController(), new AbortController()];
      const outcomes = [first, second].map((classifier, i) =>
        classifier
          .load(weights, { signal: aborts[i]?.signal as AbortSignal })
          .catch((error: unknown) => error),
      );
      Object.assign(globalThis, { aborts, outcomes });
    }, server.address);
    await expect.poll(() => server.underWay).toBe(1);
    const expected = { code: "aborted", name: "AbortError" };
    expect(await abort(0)).toEqual({ ...expected, cause: "reason 0" });
    await page.waitForTimeout(300);
    expect(server.underWay).toBe(1);
    expect(await abort(1)).toEqual({ ...expected, cause: "reason 1" });
    await expect.poll(() => server.underWay).toBe(0);
    server.close();
  });

  test("the download of a classifier that is being made", async ({ page, own, weights }) => {
    const server = new StallingServer(weights);
    await server.open();
    await open(page, own.address);
    const begun = page.evaluate(
      ([weights]) => {
        const abort = new AbortController();
        Object.assign(globalThis, { abort });
        return create({ weights, signal: abort.signal }).then(
          () => "made",
          (error: { code: string }) => error.code,
        );
      },
      [server.address],
    );
    await expect.poll(() => server.underWay).toBe(1);
    await page.evaluate(() => (globalThis as unknown as { abort: AbortController }).abort.abort());
    expect(await begun).toBe("aborted");
    await expect.poll(() => server.underWay).toBe(0);
    // Nothing of it is left.
    await expect.poll(() => page.workers().length).toBe(0);
    server.close();
  });

  test("a run on the CPU between layers, and a call that waits never runs", async ({
    page,
    own,
  }) => {
    // A worker whose layers take so long that messages are let in after each; it reports each of them.
    own.change(
      "resnet-web/worker.js",
      async () => `
        const steps = new BroadcastChannel("steps");
        const { instantiateStreaming } = WebAssembly;
        WebAssembly.instantiateStreaming = async (...source) => {
          const { instance, module } = await instantiateStreaming(...source);
          const { run_advance, model_begin } = instance.exports;
          const exports = {
            ...instance.exports,
            model_begin: (...values) => {
              steps.postMessage("begin");
              return model_begin(...values);
            },
            run_advance: (...values) => {
              for (const end = performance.now() + 20; performance.now() < end; );
              steps.postMessage("step");
              return run_advance(...values);
            },
          };
          return { instance: { exports }, module };
        };
        ${await readFile("package/resnet-web/worker.js", "utf8")}`,
    );
    await open(page, own.address);
    const counts = await page.evaluate(async () => {
      const classifier = await create();
      const file = await photo();
      const channel = new BroadcastChannel("steps");
      let [begun, steps] = [0, 0];
      let onStep = () => {};
      channel.onmessage = ({ data }) => {
        if (data === "begin") begun += 1;
        else {
          steps += 1;
          onStep();
        }
      };
      const count = async (work: () => Promise<unknown>) => {
        [begun, steps] = [0, 0];
        await work();
        // The worker answers this one after everything before it.
        await classifier.describe(["a"]).catch(() => {});
        await new Promise((done) => setTimeout(done, 200));
        return { begun, steps };
      };
      const whole = await count(() => classifier.classify(file));
      const abort = new AbortController();
      const { signal } = abort;
      const cancelled = await count(async () => {
        onStep = () => abort.abort();
        const calls = Array.from({ length: 5 }, () => classifier.classify(file, { signal }));
        const outcomes = await Promise.allSettled(calls);
        if (outcomes.some(({ status }) => status === "fulfilled")) throw new Error("a result");
      });
      onStep = () => {};
      const after = await count(() => classifier.classify(file));
      classifier.dispose();
      return { whole, cancelled, after };
    });
    expect(counts.whole).toEqual({ begun: 1, steps: expect.any(Number) });
    expect(counts.after).toEqual(counts.whole);
    expect(counts.cancelled.begun).toBe(1);
    expect(counts.cancelled.steps).toBeLessThan(counts.whole.steps);
  });
});

test("several classifiers work at once, and one that is disposed of ends alone", async ({
  page,
  own,
}) => {
  await open(page, own.address);
  const found = await page.evaluate(async () => {
    const classifiers = await Promise.all([create(), create(), create()]);
    const file = await photo();
    const answers = () =>
      Promise.all(
        classifiers.map((classifier) =>
          classifier.classify(file).then(
            ({ top }) => top[0]?.index,
            ({ code }) => code,
          ),
        ),
      );
    const before = await answers();
    classifiers[1]?.dispose();
    const after = await answers();
    classifiers[0]?.dispose();
    classifiers[2]?.dispose();
    return { before, after };
  });
  expect(found).toEqual({ before: [5, 5, 5], after: [5, "aborted", 5] });
  await expect.poll(() => page.workers().length).toBe(0);
});

test("many files are classified in order, each with its result or its error", async ({
  page,
  own,
}) => {
  await open(page, own.address);
  const found = await page.evaluate(async () => {
    const classifier = await create();
    const cat = await photo();
    const files = ["a", "b", "c", "d"].map(
      (name) => new File([name === "b" ? "no image" : cat], `${name}.png`),
    );
    const items: unknown[] = [];
    const progress: unknown[] = [];
    const onProgress = (each: unknown) => progress.push(each);
    for await (const item of classifier.classifyMany(files, { onProgress })) {
      items.push([item.image.name, item.result?.top[0]?.index ?? item.error?.code]);
    }
    classifier.dispose();
    return { items, last: progress.at(-1) };
  });
  expect(found.items).toEqual([
    ["a.png", 5],
    ["b.png", "image-decode"],
    ["c.png", 5],
    ["d.png", 5],
  ]);
  expect(found.last).toEqual({ done: 4, failed: 1, total: 4 });
});

test.describe("a stream's newest frame is classified, until its signal is aborted", () => {
  for (const kind of [
    "MediaStream",
    "<video>",
    "ReadableStream of VideoFrames",
    "a paused <video>",
  ]) {
    test(kind, async ({ page, own }) => {
      const warnings: string[] = [];
      page.on("console", (message) => warnings.push(message.text()));
      await open(page, own.address);
      const counts = await page.evaluate(async (kind) => {
        const classifier = await create();
        const bitmap = await createImageBitmap(await photo());
        const { width, height } = bitmap;
        const canvas = Object.assign(document.createElement("canvas"), { width, height });
        const context = canvas.getContext("2d") as CanvasRenderingContext2D;
        const draw = () => context.drawImage(bitmap, 0, 0);
        draw();
        const camera = canvas.captureStream(60);
        const timer = setInterval(draw, 10);
        const sourceOf = async () => {
          if (kind === "MediaStream") return camera;
          if (kind.includes("ReadableStream")) {
            const [track] = camera.getVideoTracks();
            // biome-ignore lint/suspicious/noExplicitAny: TypeScript does not know it.
            const Processor = (globalThis as any).MediaStreamTrackProcessor;
            return new Processor({ track }).readable as AsyncIterable<VideoFrame>;
          }
          const video = Object.assign(document.createElement("video"), { muted: true });
          video.srcObject = camera;
          await video.play();
          if (kind.includes("paused")) video.pause();
          return video;
        };
        const abort = new AbortController();
        const wanted = kind.includes("paused") ? 1 : 5;
        let underWay = 0;
        let seen = 0;
        const counts = await classifier.classifyStream(
          await sourceOf(),
          ({ top }, { capturedAt }) => {
            if (top[0]?.index !== 5 || !(capturedAt > 0)) underWay = Number.NaN;
            seen += 1;
            if (seen === wanted) abort.abort();
          },
          { signal: abort.signal },
        );
        clearInterval(timer);
        const isLive = camera.getVideoTracks()[0]?.readyState;
        classifier.dispose();
        return { ...counts, isLive, underWay, wanted };
      }, kind);
      expect(counts).toMatchObject({
        classified: counts.wanted,
        failed: 0,
        isLive: "live",
        underWay: 0,
      });
      expect(counts.frames).toBeGreaterThanOrEqual(counts.classified);
      // Chromium warns of frames that are not closed.
      expect(warnings.filter((text) => /VideoFrame/.test(text))).toEqual([]);
    });
  }
});

test("a camera's stream that ends ends it with the counts", async ({ page, own }) => {
  await open(page, own.address);
  const counts = await page.evaluate(async () => {
    const classifier = await create();
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const timer = setInterval(() => context.fillRect(0, 0, 64, 64), 10);
    const camera = canvas.captureStream(60);
    const counts = await classifier.classifyStream(camera, () => {
      for (const track of camera.getTracks()) track.stop();
    });
    clearInterval(timer);
    classifier.dispose();
    return counts;
  });
  expect(counts.classified).toBeGreaterThanOrEqual(1);
});
