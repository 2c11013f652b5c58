import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { overflow, violations } from "./support/access";
import { chromium, FAKE_CAMERA } from "./support/browser";
import { expect, test } from "./support/page";
import { blackPng, framedPng } from "./support/png";
import { spoilWorkers } from "./support/workers";

test.use(chromium(FAKE_CAMERA));

const photo = (file: "chelsea" | "coffee") => readFile(`www/public/photos/${file}.png`);

/** A sample photo in another format and size. */
async function encoded(page: Page, type: string, width: number, height: number): Promise<Buffer> {
  const base64 = await page.evaluate(
    async ({ type, width, height }) => {
      const photo = await createImageBitmap(await (await fetch("./photos/coffee.png")).blob());
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d");
      context?.drawImage(photo, 0, 0, width, height);
      const bytes =
        type === "raw"
          ? context?.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 < 3)
          : new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
      let text = "";
      for (const byte of bytes ?? []) text += String.fromCharCode(byte);
      return btoa(text);
    },
    { type, width, height },
  );
  return Buffer.from(base64, "base64");
}

const file = (name: string, buffer: Buffer, mimeType = `image/${name.split(".")[1]}`) => ({
  name,
  mimeType,
  buffer,
});

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10">
  <rect width="20" height="10" fill="#fff"/><circle cx="10" cy="5" r="4" fill="#f60"/></svg>`;

/** What a browser does that keeps pixels from pages: `lie` makes of the right bytes those that a page gets. */
const lying = (lie: string) => `
  {
    const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;
    let lies = true;
    new BroadcastChannel("allow").onmessage = () => { lies = false; };
    OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...part) {
      const read = getImageData.apply(this, part);
      if (lies) read.data.forEach((byte, i) => { read.data[i] = (${lie})(byte, i); });
      return read;
    };
  }`;
const NOISE = lying("() => 256 * Math.random()");
const WHITE = lying("() => 255");
const A_FEW_LEVELS = lying("(byte) => byte + 6 * Math.random() - 3");
const NO_VIDEO_FRAMES = "delete self.VideoFrame;";

const WITHHELD = "This browser gives pages noise instead of an image's pixels";

for (const { what, code } of [
  { what: "noise", code: NOISE },
  { what: "white", code: WHITE },
  { what: "a few levels off", code: A_FEW_LEVELS },
  { what: "a few levels off, without video frames", code: A_FEW_LEVELS + NO_VIDEO_FRAMES },
]) {
  test(`where a canvas reads as ${what}, a photo is classified all the same`, async ({
    classifier,
    page,
  }) => {
    await spoilWorkers(page, code);
    await classifier.open();
    await classifier.chooseSample("A cat");
    const top = await classifier.topResult();
    expect(top.label).toBe("Egyptian cat");
    expect(Math.abs(top.percent - 78.4)).toBeLessThan(10);
    await expect(classifier.notice).toHaveCount(0);
  });
}

for (const { what, code } of [
  { what: "noise", code: NOISE },
  { what: "white", code: WHITE },
]) {
  test(`where nothing but ${what} is to be had, the page says so, until it is allowed`, async ({
    classifier,
    page,
  }) => {
    await spoilWorkers(page, code + NO_VIDEO_FRAMES);
    await classifier.open();
    await classifier.chooseSample("A cat");
    await expect(classifier.notice).toContainText(WITHHELD);
    await expect(page.getByRole("img", { name: "The photo: chelsea.png" })).toBeVisible();
    await expect(classifier.result.getByRole("listitem")).toHaveCount(0);
    expect(await violations(page)).toEqual([]);

    await page.evaluate(() => new BroadcastChannel("allow").postMessage(""));
    await classifier.sees("A cat");
    await expect(classifier.notice).toHaveCount(0);
  });
}

test("the camera stops where pixels are withheld, and a gallery says so of each photo", async ({
  classifier,
  page,
}) => {
  await spoilWorkers(page, NOISE + NO_VIDEO_FRAMES);
  await classifier.open();
  await classifier.ready();
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(classifier.notice).toContainText(WITHHELD);
  await expect(page.locator("video")).toHaveCount(0);

  const [cat, coffee] = [await photo("chelsea"), await photo("coffee")];
  await classifier.chooseFile(file("a.png", cat), file("b.png", coffee));
  const tiles = page.getByRole("region", { name: "2 photos" }).getByRole("listitem");
  for (const tile of await tiles.all()) await expect(tile).toContainText(WITHHELD);
});

test("no image is taken and none is saved where the page's own canvases lie", async ({
  classifier,
  page,
}) => {
  await page.addInitScript(() => {
    CanvasRenderingContext2D.prototype.getImageData = (_x, _y, width, height) => {
      const noise = new ImageData(width, height);
      return crypto.getRandomValues(noise.data) && noise;
    };
  });
  await classifier.openWithCat();
  await page.getByRole("button", { name: "Save as image" }).click();
  await expect(page.locator(".take-away")).toContainText(WITHHELD);

  await page.getByRole("button", { name: "Use the camera" }).click();
  await page.getByRole("button", { name: "Take a photo" }).click();
  await expect(classifier.notice).toContainText(WITHHELD);
});

test("a German page says in German that pixels are withheld", async ({ classifier, page }) => {
  await spoilWorkers(page, NOISE + NO_VIDEO_FRAMES);
  await classifier.open("?device=cpu&lang=de");
  await page.getByRole("button", { name: "Eine Katze" }).click();
  await expect(classifier.notice).toContainText("statt der Pixel eines Bildes Rauschen");
  for (const width of [320, 375, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await overflow(page)).toBe(0);
  }
});

const CUT_SHORT = "This file is cut short";

test("files that are cut short are classified, with a note", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const jpeg = await encoded(page, "image/jpeg", 600, 400);
  const png = await photo("coffee");
  const part = (whole: Buffer, part: number) => whole.subarray(0, Math.floor(part * whole.length));
  const cases = [
    { name: "whole.jpeg", buffer: jpeg, cut: false },
    { name: "two-bytes.jpeg", buffer: jpeg.subarray(0, -2), cut: true },
    { name: "most.jpeg", buffer: part(jpeg, 0.95), cut: true },
    { name: "most.png", buffer: part(png, 0.95), cut: true },
    { name: "no-end.png", buffer: png.subarray(0, -12), cut: true },
    { name: "with-more-behind.png", buffer: Buffer.concat([png, Buffer.alloc(99)]), cut: false },
  ];
  for (const { name, buffer, cut } of cases) {
    await test.step(name, async () => {
      await classifier.chooseFile(file(name, buffer));
      await expect(page.getByRole("img", { name: `The photo: ${name}` })).toBeVisible();
      await classifier.shows("A cup of coffee");
      await expect(page.locator(".cut-short")).toHaveCount(cut ? 1 : 0);
      if (cut) await expect(classifier.result.getByRole("status").first()).toContainText(CUT_SHORT);
      await expect(classifier.notice).toHaveCount(0);
    });
  }
  expect(await violations(page)).toEqual([]);
});

test("a file of which nothing is drawn is an error, never a blank image", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  await classifier.ready();
  const webp = await encoded(page, "image/webp", 600, 400);
  for (const { name, buffer, type, says } of [
    { name: "cut.webp", buffer: webp.subarray(0, -99), says: "is cut short, and nothing can be" },
    { name: "head.png", buffer: (await photo("coffee")).subarray(0, 60), says: "is cut short" },
    {
      name: "nothing.svg",
      buffer: Buffer.from(SVG.replace(/<(rect|circle).*\/>/g, "")),
      type: "image/svg+xml",
      says: "is not an image",
    },
  ]) {
    await classifier.chooseFile(file(name, buffer, type));
    await expect(classifier.notice).toContainText(`"${name}" ${says}`);
    await expect(page.getByText("Drop a photo here")).toBeVisible();
  }
});

test("what is cut short can be looked into, saved, and be one of many", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  await classifier.ready();
  const jpeg = await encoded(page, "image/jpeg", 600, 400);
  const cut = file("cut.jpeg", jpeg.subarray(0, -2));
  await classifier.chooseFile(cut);
  await classifier.topResult();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as image" }).click();
  expect((await download).suggestedFilename()).toBe("cut-ResNet-50.png");
  await page.getByRole("button", { name: "Inspect layer1", exact: true }).click();
  await expect(page.locator(".map-grid canvas").first()).toBeVisible();
  await expect(classifier.notice).toHaveCount(0);

  await classifier.chooseFile(cut, file("whole.jpeg", jpeg));
  const tiles = page.getByRole("region", { name: "2 photos" }).getByRole("listitem");
  await expect(tiles.nth(0)).toContainText("espresso");
  await expect(tiles.nth(0)).toContainText("The file is cut short.");
  await expect(tiles.nth(1)).toContainText("espresso");
  await expect(tiles.nth(1)).not.toContainText("cut short");
});

test("a drawing in SVG is classified, large enough to see something", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  await classifier.ready();
  for (const [name, text] of [
    ["unsized.svg", SVG],
    ["sized.svg", SVG.replace("viewBox", 'width="40" height="20" viewBox')],
  ] as const) {
    await classifier.chooseFile(file(name, Buffer.from(text), "image/svg+xml"));
    await expect(page.getByRole("img", { name: `The photo: ${name}` })).toBeVisible();
    await expect(classifier.result.getByRole("listitem")).toHaveCount(5);
    await expect(classifier.result.locator(".timing")).toContainText("1024 × 512 pixels");
    await expect(classifier.notice).toHaveCount(0);
  }
});

/** A photo in the middle of so much white. */
const LONG: { width: number; height: number; inset: [number, number] }[] = [
  { width: 300, height: 70_000, inset: [300, 200] },
  { width: 70_000, height: 200, inset: [300, 200] },
  // Drawn smaller, and still longer than a canvas.
  { width: 60_000, height: 600, inset: [900, 600] },
];

test("an image longer than any canvas is seen where the network looks", async ({
  classifier,
  page,
}) => {
  test.setTimeout(240_000);
  await classifier.open();
  await classifier.ready();
  for (const { width, height, inset } of LONG) {
    await test.step(`${width} x ${height}`, async () => {
      const [insetWidth, insetHeight] = inset;
      const rgb = await encoded(page, "raw", insetWidth, insetHeight);
      const png = framedPng(width, height, { width: insetWidth, height: insetHeight, rgb });
      await classifier.chooseFile(file(`${width}.png`, png));
      await classifier.shows("A cup of coffee");
      await expect(classifier.notice).toHaveCount(0);
    });
  }
});

test("a line longer than any canvas is not blank", async ({ classifier }) => {
  await classifier.open();
  await classifier.ready();
  const answers: string[] = [];
  for (const [width, height] of [
    [1, 70_000],
    [1, 60_000],
    [70_000, 1],
    [60_000, 1],
  ] as const) {
    await classifier.chooseFile(file(`${width}x${height}.png`, blackPng(width, height)));
    await expect(classifier.result.locator(".timing")).toContainText(`${width} × ${height} pixels`);
    answers.push(await classifier.result.getByRole("list").innerText());
  }
  // All of them are black, so what is seen is the same, with the longer ones and with those that fit.
  expect(new Set(answers).size).toBe(1);
});

for (const [width, height] of [
  [30_000, 30_000],
  [80_000_000, 1],
] as const) {
  test(`an image of ${width} x ${height} pixels is an error, and the page goes on`, async ({
    classifier,
    page,
  }) => {
    await classifier.open();
    await classifier.ready();
    await classifier.chooseFile(file("bomb.png", blackPng(width, height)));
    await expect(classifier.notice).toContainText('"bomb.png" is too large');
    await expect(page.getByText("Drop a photo here")).toBeVisible();
    await classifier.sees("A cat");
  });
}
