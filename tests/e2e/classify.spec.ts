import { readFile } from "node:fs/promises";
import { imageFile } from "./support/files";
import { RESNET_50_SHAPES } from "./support/networks";
import { expect, test } from "./support/page";

/** PyTorch's answers for the sample photos with the same weights in f32. */
const SAMPLES = [
  { sample: "A cat", label: "Egyptian cat", percent: 78.4 },
  { sample: "A cup of coffee", label: "espresso", percent: 99.3 },
] as const;

for (const { sample, label, percent } of SAMPLES) {
  test(`the sample "${sample}" is ${label}`, async ({ classifier }) => {
    await classifier.open();
    await classifier.chooseSample(sample);
    const top = await classifier.topResult();
    expect(top.label).toBe(label);
    expect(Math.abs(top.percent - percent)).toBeLessThan(1.5);
    await expect(classifier.result.getByRole("listitem")).toHaveCount(5);
    await expect(classifier.result).toContainText(/network \d+/);
    await expect(classifier.device).toHaveAttribute("data-reason", "cpu-requested");
  });
}

test("a photo chosen while the weights are loading is classified when they are there", async ({
  classifier,
}) => {
  await classifier.page.route("**/*.safetensors", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  await classifier.open();
  await classifier.chooseSample("A cup of coffee");
  await expect(classifier.result).toContainText("Waiting for the weights");
  await expect(classifier.page.getByRole("progressbar")).toBeVisible();
  await classifier.sees("A cat");
});

test("the layer table shows ResNet-50", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const layers = page.getByRole("region", { name: "Layers", exact: true });
  const cell = (layer: string, column: number) =>
    layers.locator(`[data-layer="${layer}"] > *`).nth(column);
  const plain = (text: string) => text.replace(/[\u2009\u202f]/g, " ");
  for (const [layer, shape] of Object.entries(RESNET_50_SHAPES)) {
    expect(plain(await cell(layer, 3).innerText()), layer).toBe(shape);
  }
  expect(plain(await layers.locator("tfoot").innerText())).toMatch(/25 557 032\s+3.86 G/);

  await expect(layers.locator('[data-layer="layer2.0"]')).toHaveCount(0);
  await layers.getByRole("button", { name: "layer2", exact: true }).click();
  await layers.getByRole("button", { name: "layer2.0", exact: true }).click();
  expect(await cell("layer2.0.conv1", 1).innerText()).toBe("Conv2d 1×1");
  // The published network, v1, halves the resolution here, in the first 1x1.
  expect(plain(await cell("layer2.0.conv1", 3).innerText())).toBe("1 × 128 × 28 × 28");
  await layers.getByRole("button", { name: "Expand all" }).click();
  await expect(layers.locator('[data-layer="layer4.2.bn3"]')).toBeVisible();
});

/** The same cat in other files: the label has to stay, except where there is nothing left to see. */
const FILES: { file: string; what: string; label?: string }[] = [
  {
    file: "cat-exif-rotated.jpg",
    what: "lying on its side, with the EXIF tag that says so",
    label: "Egyptian cat",
  },
  { file: "cat-grey.jpg", what: "in grey" },
  { file: "cat-transparent.png", what: "with transparent corners" },
  { file: "one-pixel.png", what: "of one pixel" },
  { file: "thin.png", what: "one pixel high" },
];

test("images of every kind are classified", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  for (const { file, what, label } of FILES) {
    await test.step(`an image ${what}`, async () => {
      await classifier.chooseFile(await imageFile(file));
      await expect(page.getByRole("img", { name: `The photo: ${file}` })).toBeVisible();
      const top = await classifier.topResult();
      if (label) expect(top.label).toBe(label);
      await expect(classifier.notice).toHaveCount(0);
    });
  }
});

test("a very large image is classified", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const large = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(9000, 6000);
    const photo = await createImageBitmap(await (await fetch("./photos/coffee.png")).blob());
    canvas.getContext("2d")?.drawImage(photo, 0, 0, 9000, 6000);
    const bytes = new Uint8Array(
      await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer(),
    );
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192)
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  });
  await classifier.chooseFile({
    name: "large.jpg",
    mimeType: "image/jpeg",
    buffer: Buffer.from(large, "base64"),
  });
  await classifier.shows("A cup of coffee");
});

for (const way of ["drop", "paste"] as const) {
  test(`a photo comes in by ${way}`, async ({ classifier }) => {
    const buffer = await readFile("www/public/photos/coffee.png");
    await classifier.open();
    await classifier[way]({ name: "coffee.png", mimeType: "image/png", buffer });
    await classifier.shows("A cup of coffee");
  });
}

test("the page stays responsive while the network runs", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  await page.evaluate(() => {
    const counter = window as unknown as { longest: number };
    counter.longest = 0;
    let last = performance.now();
    const tick = () => {
      const now = performance.now();
      counter.longest = Math.max(counter.longest, now - last);
      last = now;
      setTimeout(tick, 0);
    };
    tick();
  });
  await classifier.chooseSample("A cat");
  const { networkMilliseconds, longest } = await classifier.result
    .getByText(/network \d+/)
    .evaluate((element) => ({
      networkMilliseconds: Number(/network (\d+)/.exec(element.textContent ?? "")?.[1]),
      longest: (window as unknown as { longest: number }).longest,
    }));
  expect(longest).toBeLessThan(networkMilliseconds);
});

test("a second visit takes the weights from the cache", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const downloads: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes(".safetensors")) downloads.push(request.url());
  });
  await classifier.open();
  await classifier.ready();
  expect(downloads).toEqual([]);
});
