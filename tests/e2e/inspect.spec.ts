import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { violations } from "./support/access";
import { chromium, WEBGPU } from "./support/browser";
import { expect, test } from "./support/page";
import { spoilWorkers } from "./support/workers";

test.use(chromium(WEBGPU));

/** How many different colours a canvas shows. */
function colours(canvas: Locator): Promise<number> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext("2d");
    const pixels = context?.getImageData(0, 0, width, height).data ?? [];
    return new Set(new Uint32Array(Uint8ClampedArray.from(pixels).buffer)).size;
  });
}

/** Chooses a layer in the table. */
function choose(page: Page, layer: string): Promise<void> {
  return page.locator(`[data-layer="${layer}"] button.look`).first().click();
}

/** Takes the table away in this format. */
async function take(page: Page, format: string) {
  const layers = page.getByRole("region", { name: "Layers", exact: true });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    layers.getByRole("button", { name: format, exact: true }).click(),
  ]);
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), "utf8"),
  };
}

for (const device of ["cpu", "webgpu"]) {
  test(`a layer shows what the photo became there, on ${device}`, async ({ classifier, page }) => {
    await classifier.openWithCat(`?device=${device}`);
    const drawing = page.getByRole("region", { name: "The network", exact: true });
    await expect(drawing.locator(".node-block")).toHaveCount(16);
    await expect(drawing.locator(".node-projection")).toHaveCount(4);
    // On its caption: its middle is a convolution's.
    await drawing.locator(".node-block text", { hasText: "layer2.1" }).click();

    const inspector = page.getByRole("region", { name: "What the network sees" });
    await expect(inspector.getByRole("heading", { name: "layer2.1" })).toBeVisible();
    await expect(inspector).toContainText("Feature maps, the largest activation first: 24 of 512");
    await expect(inspector).toContainText(/From 0\.00 to \d/);
    const onCpu = inspector.getByText("Time on the CPU, while inspecting").locator("..");
    const onGpu = inspector.getByText("Time on the GPU", { exact: true }).locator("..");
    await expect(onCpu).toContainText(/\d\sms, \d+\.\d %/);
    if (device === "webgpu") await expect(onGpu).toContainText(/\d\sms, \d+\.\d %/);
    else await expect(onGpu).toHaveCount(0);
    expect(await colours(inspector.locator("canvas").first())).toBeGreaterThan(20);
    await inspector.getByRole("button", { name: "Show 24 more" }).click();
    await expect(inspector.locator("canvas")).toHaveCount(48);

    await inspector
      .getByRole("button", { name: /^Enlarge channel/ })
      .first()
      .click();
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText("layer2.1, channel");
    await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);

    // The same layer is marked wherever it is shown, and chosen from the table, too.
    await page.locator('[data-layer="maxpool"]').getByRole("button").click();
    await expect(inspector.getByRole("heading", { name: "maxpool" })).toBeVisible();
    await expect(page.locator('[data-layer="maxpool"]')).toHaveAttribute("aria-current", "true");
    await expect(inspector.locator("canvas")).toHaveCount(24);
    await expect(drawing.locator('[aria-pressed="true"]')).toHaveAttribute(
      "aria-label",
      /^maxpool/,
    );

    expect(await violations(page)).toEqual([]);
  });
}

/** The network's own children, with batch norm in its convolution's time. */
const CHILDREN = [
  "conv1",
  "relu",
  "maxpool",
  "layer1",
  "layer2",
  "layer3",
  "layer4",
  "avgpool",
  "fc",
];

for (const { device, label, column, children } of [
  {
    device: "cpu",
    label: "Time on the CPU, while inspecting",
    column: "CPU milliseconds while inspecting",
    children: [...CHILDREN, "flatten"],
  },
  {
    device: "webgpu",
    label: "Time on the GPU",
    column: "GPU milliseconds",
    children: CHILDREN.filter((layer) => layer !== "relu"),
  },
]) {
  test(`the shares of the time are those of one run, on ${device}`, async ({
    classifier,
    page,
  }) => {
    await classifier.openWithCat(`?device=${device}`);
    const inspector = page.getByRole("region", { name: "What the network sees" });
    const time = inspector.getByText(label, { exact: true }).locator("..");
    let whole = 0;
    for (const layer of children) {
      await choose(page, layer);
      await expect(inspector.getByRole("heading", { name: layer })).toBeVisible();
      await expect(time).toContainText(/ms, \d+\.\d %/);
      whole += Number(/ms, (\d+\.\d) %/.exec((await time.textContent()) ?? "")?.[1]);
    }
    // Each share is rounded.
    expect(Math.abs(whole - 100)).toBeLessThan(0.05 * children.length + 0.01);
    expect((await take(page, "CSV")).text.split("\r\n")[0]).toMatch(new RegExp(`,${column}$`));
  });
}

test("what is fused on the GPU is said to be", async ({ classifier, page }) => {
  await classifier.openWithCat("?device=webgpu");
  await choose(page, "bn1");
  const inspector = page.getByRole("region", { name: "What the network sees" });
  const onGpu = inspector.getByText("Time on the GPU", { exact: true }).locator("..");
  await expect(onGpu).toContainText("part of its convolution's");
  await expect(inspector).toContainText("The GPU's own clock measured these times");
  await choose(page, "flatten");
  await expect(onGpu).toContainText("nothing to compute");
});

test("a GPU that does not time its layers has a coarse time", async ({ classifier, page }) => {
  // As browsers are that have no timestamp queries.
  const without = `{
    const { has } = GPUSupportedFeatures.prototype;
    GPUSupportedFeatures.prototype.has = function (name) {
      return name !== "timestamp-query" && has.call(this, name);
    };
  }`;
  await spoilWorkers(page, without);
  await classifier.openWithCat("?device=webgpu");
  await choose(page, "maxpool");
  const inspector = page.getByRole("region", { name: "What the network sees" });
  const onGpu = inspector.getByText("Time on the GPU", { exact: true }).locator("..");
  await expect(onGpu).toContainText(/a whole run: \d+\.\d\sms/);
  await expect(inspector).toContainText("does not time single layers");
});

test("the drawing is walked by keyboard", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const drawing = page.getByRole("region", { name: "The network", exact: true });
  await drawing.getByRole("button", { name: /^conv1,/ }).focus();
  for (const [key, layer] of [
    ["ArrowRight", /^bn1,/],
    ["ArrowDown", /^relu,/],
    ["ArrowLeft", /^bn1,/],
  ] as const) {
    await page.keyboard.press(key);
    await expect(drawing.locator(":focus")).toHaveAttribute("aria-label", layer);
  }
  await page.keyboard.press("Enter");
  await expect(drawing.locator(":focus")).toHaveAttribute("aria-pressed", "true");
  const inspector = page.getByRole("region", { name: "What the network sees" });
  await expect(inspector.getByRole("button", { name: "Choose a photo first" })).toBeDisabled();
});

test("the evidence for a class lies over the photo, and another photo takes it away", async ({
  classifier,
  page,
}) => {
  await classifier.openWithCat();
  const where = page.getByRole("button", {
    name: "Where? The evidence for Egyptian",
  });
  await where.click();
  const heat = page.getByRole("img", { name: "Where the evidence for Egyptian cat lies" });
  await expect(heat).toBeVisible();
  // The photo is classified once more, and no layer looked into.
  await expect(page.getByText("layers were inspected")).toHaveCount(0);
  await expect(where).toHaveAttribute("aria-pressed", "true");
  // Smooth from nothing to the most.
  expect(await colours(heat)).toBeGreaterThan(100);
  const centre = await heat.evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { width, height } = canvas;
    const opacity = (x: number, y: number) =>
      canvas.getContext("2d")?.getImageData(x * width, y * height, 1, 1).data[3] ?? 0;
    return { face: opacity(0.5, 0.45), outside: opacity(0.02, 0.5) };
  });
  // Chelsea's face fills the middle; the left edge is cut off before the network sees it.
  expect(centre.face).toBeGreaterThan(100);
  expect(centre.outside).toBe(0);

  await page.getByRole("slider", { name: "Opacity" }).fill("20");
  await expect(heat).toHaveCSS("opacity", "0.2");
  await page.getByRole("button", { name: "Hide" }).click();
  await expect(heat).toHaveCount(0);
  await where.click();
  await expect(heat).toBeVisible();
  await classifier.chooseSample("A cup of coffee");
  await expect(heat).toHaveCount(0);
});

test("the table is taken away as CSV, JSON and Markdown", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const csv = await take(page, "CSV");
  expect(csv.name).toBe("ResNet-50.csv");
  expect(csv.text.match(/,Conv2d,/g)).toHaveLength(53);
  const json = JSON.parse((await take(page, "JSON")).text);
  expect(json.parameters).toBe(25_557_032);
  expect((await take(page, "Markdown")).text).toContain(
    "| conv1 | Conv2d | 1x3x224x224 | 1x64x112x112 |",
  );
});
