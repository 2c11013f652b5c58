import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import sirv from "sirv";
import { CONSUMER, inConsumer, RUN_IN } from "../../tools/lib/installed-package.mjs";
import { place } from "../../tools/lib/places.mjs";
import { run } from "../../tools/lib/run.mjs";
import { inChromium } from "./support/chromium.mjs";

const WEIGHTS = place("www/public/weights/resnet50.safetensors");
const PACKAGE = path.join(CONSUMER, "node_modules", "resnet-web", "package");

/**
 * Without relaxed SIMD the numbers are the same everywhere. With it the engine chooses how products are rounded: V8 does the
 * same in Chromium and Deno, JavaScriptCore something else.
 */
const PLAIN = "without relaxed SIMD";
const RELAXED = "with relaxed SIMD";

/** What the worker of a browser without relaxed SIMD begins with. */
const NO_RELAXED_SIMD = `{
  const validate = WebAssembly.validate;
  // i8x16.relaxed_swizzle is 0xfd 0x80 0x02.
  const isRelaxed = (code) => code.some((byte, i) => byte === 0xfd && code[i + 1] === 0x80 && code[i + 2] === 0x02);
  WebAssembly.validate = (code) => !isRelaxed(new Uint8Array(code)) && validate(code);
}\n`;

/** Photos as files: turned by EXIF data, grey, with transparency, and one that Chromium itself encodes as WebP. */
const PHOTOS = ["cat-exif-rotated.jpg", "cat-grey.jpg", "cat-transparent.png", "cat.webp"];
const IMAGES = place("tests/fixtures/images");

let server;
before(async () => {
  const files = sirv(PACKAGE);
  server = createServer((request, response) => {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const [, kind, rest] = /^\/(plain|relaxed)(\/.*)$/.exec(request.url) ?? [];
    if (request.url === "/weights") response.end(readFileSync(WEIGHTS));
    else if (request.url.startsWith("/images/")) {
      response.end(readFileSync(path.join(IMAGES, path.basename(request.url))));
    } else if (request.url === "/pixels.mjs") {
      response.setHeader("Content-Type", "text/javascript");
      response.end(readFileSync(place("tests/node/support/pixels.mjs")));
    } else if (!kind) {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>bits</title>");
    } else if (kind === "plain" && rest === "/resnet-web/worker.js") {
      response.setHeader("Content-Type", "text/javascript");
      response.end(NO_RELAXED_SIMD + readFileSync(path.join(PACKAGE, "resnet-web", "worker.js")));
    } else {
      request.url = rest;
      files(request, response);
    }
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
});
after(() => {
  server.close();
  server.closeAllConnections();
});

/** The probabilities that the package computes in Chromium, by the number of threads. */
function inBrowser(kind) {
  const address = `http://localhost:${server.address().port}`;
  return inChromium(async (page) => {
    await page.goto(address);
    return page.evaluate(async (folder) => {
      const { createClassifier } = await import(`${folder}/index.js`);
      const { wavyPixels } = await import("/pixels.mjs");
      const weights = "/weights";
      const classifier = await createClassifier({ weights, device: "cpu", threads: 1 });
      const { data, width, height } = wavyPixels(400, 300);
      const { classes } = classifier.model.info;
      const found = {};
      for (const threads of [1, 2]) {
        const status = await classifier.setThreads(threads);
        const image = new ImageData(data, width, height);
        const { top } = await classifier.classify(image, { top: classes });
        found[status.threads.count] = top.map(({ index, probability }) => [index, probability]);
      }
      classifier.dispose();
      return found;
    }, `/${kind}`);
  });
}

async function inRuntime(name) {
  const [program, ...args] = RUN_IN[name];
  inConsumer(place("tests/node/support/pixels.mjs"));
  const script = inConsumer(place("tests/node/support/probabilities.mjs"));
  return JSON.parse(await run(program, [...args, script, WEIGHTS], { cwd: CONSUMER }));
}

/** Whether V8 in this Node has relaxed SIMD: from version 21 on. */
const inNode = Number(process.versions.node.split(".")[0]) < 21 ? PLAIN : RELAXED;

for (const [kind, folder, runtimes] of [
  [PLAIN, "plain", inNode === PLAIN ? ["node"] : []],
  [RELAXED, "relaxed", inNode === PLAIN ? ["deno"] : ["node", "deno"]],
]) {
  test(`${kind}, probabilities are those of Chromium bit for bit, on any number of threads`, async () => {
    const expected = await inBrowser(folder);
    const wrong = [];
    const compare = (where, found) => {
      for (const [threads, probabilities] of Object.entries(found)) {
        const one = JSON.stringify(expected[1]);
        if (probabilities.length !== 1000) wrong.push(`${where}: ${probabilities.length} classes`);
        if (JSON.stringify(probabilities) !== one) wrong.push(`${where} on ${threads}`);
      }
    };
    compare("Chromium", expected);
    for (const name of runtimes) compare(name, await inRuntime(name));
    assert.deepEqual(wrong, []);
  });
}

test("in Bun, probabilities are those of Chromium to five digits", async () => {
  const [browser, bun] = [await inBrowser("plain"), await inRuntime("bun")];
  const far = Object.values(bun).flatMap((probabilities) => {
    const expected = new Map(browser[1]);
    return probabilities.filter(
      ([index, probability]) => Math.abs(probability - expected.get(index)) > 1e-5,
    );
  });
  assert.deepEqual(far, []);
});

/** The most probable classes of the photos in Chromium, and the bytes of each file. */
function photosInBrowser() {
  const address = `http://localhost:${server.address().port}`;
  return inChromium(async (page) => {
    await page.goto(address);
    return page.evaluate(
      async ([folder, photos]) => {
        const { createClassifier } = await import(`/${folder}/index.js`);
        const classifier = await createClassifier({
          weights: "/weights",
          device: "cpu",
          threads: 1,
        });
        const webp = async () => {
          const photo = await (await fetch("/images/cat-grey.jpg")).blob();
          const canvas = new OffscreenCanvas(300, 200);
          canvas.getContext("2d").drawImage(await createImageBitmap(photo), 0, 0);
          return canvas.convertToBlob({ type: "image/webp", quality: 0.9 });
        };
        const found = {};
        for (const name of photos) {
          const isWebp = name.endsWith(".webp");
          const file = isWebp ? await webp() : await (await fetch(`/images/${name}`)).blob();
          const { top, width, height } = await classifier.classify(file);
          const bytes = Array.from(new Uint8Array(await file.arrayBuffer()));
          found[name] = { bytes, width, height, top };
        }
        return found;
      },
      [inNode === PLAIN ? "plain" : "relaxed", PHOTOS],
    );
  });
}

test("photos are decoded and turned as in Chromium, to the same pixels", async () => {
  const expected = await photosInBrowser();
  const { createClassifier } = await import(pathToFileURL(path.join(PACKAGE, "node.js")).href);
  const classifier = await createClassifier({ weights: WEIGHTS, threads: 1 });
  const wrong = [];
  for (const [name, { bytes, ...browser }] of Object.entries(expected)) {
    const node = await classifier.classify(Uint8Array.from(bytes));
    const sizes = [node, browser].map(({ width, height }) => `${width} x ${height}`);
    if (sizes[0] !== sizes[1]) wrong.push(`${name}: ${sizes.join(" instead of ")}`);
    if (JSON.stringify(node.top) !== JSON.stringify(browser.top)) {
      wrong.push(`${name}: ${JSON.stringify([node.top[0], browser.top[0]])}`);
    }
  }
  classifier.dispose();
  assert.deepEqual(wrong, []);
});
