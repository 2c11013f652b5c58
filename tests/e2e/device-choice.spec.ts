import type { Page } from "@playwright/test";
import { chromium, WEBGPU } from "./support/browser";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

// The GPU here is the processor pretending, so the CPU wins.
test.use({ network: SMALL, ...chromium(WEBGPU) });

/** What is remembered: of each model, the speeds with each adapter. */
function speeds(page: Page): Promise<[string, Record<string, object>][]> {
  return page.evaluate(() => JSON.parse(localStorage.getItem("resnet-web:speeds") ?? "[]"));
}

test("both devices are timed after the first result, the faster goes on and is remembered", async ({
  classifier,
  page,
}) => {
  await classifier.openWithCat("?device=fastest");
  // The answer comes before the measurement.
  await expect(classifier.device).toHaveAttribute("data-reason", "webgpu-works");
  await expect(classifier.device).toContainText("15 dispatches per run");
  await expect(classifier.device).toContainText("layers compared with the CPU's");

  await expect(classifier.device).toHaveAttribute("data-reason", "cpu-faster");
  await expect(classifier.device).toHaveAttribute("data-device", "cpu");
  const told = /takes (\d+|\d\.\d)\sms on WebGPU, (\d+|\d\.\d)\sms on the CPU/;
  await expect(classifier.device).toContainText(told);
  await classifier.sees("A cup of coffee");

  const kept = await speeds(page);
  expect(kept).toHaveLength(1);
  await page.reload();
  await classifier.ready();
  await expect(classifier.device).toHaveAttribute("data-reason", "cpu-faster");
  await expect(classifier.device).toContainText(told);
  await classifier.sees("A cat");
  expect(await speeds(page)).toEqual(kept);
});

test("what was measured with this adapter decides, and a person can decide otherwise", async ({
  classifier,
  page,
}) => {
  await classifier.open("?device=fastest");
  await classifier.chooseSample("A cat");
  await expect(classifier.device).toHaveAttribute("data-reason", "cpu-faster");
  const faster = (await speeds(page)).map(([model, adapters]) => [
    model,
    Object.fromEntries(Object.keys(adapters).map((adapter) => [adapter, { cpu: 20, webgpu: 10 }])),
  ]);
  await page.evaluate(
    (item) => localStorage.setItem("resnet-web:speeds", item),
    JSON.stringify(faster),
  );
  await page.reload();
  await expect(classifier.device).toHaveAttribute("data-reason", "webgpu-faster");
  await expect(classifier.device).toContainText("takes 10 ms on WebGPU, 20 ms on the CPU");
  await classifier.ready();

  const choice = page.getByLabel("Run on");
  for (const [option, reason, device] of [
    ["CPU", "cpu-requested", "cpu"],
    ["WebGPU", "webgpu-requested", "webgpu"],
  ] as const) {
    await choice.selectOption(option);
    await expect(classifier.device).toHaveAttribute("data-reason", reason);
    await expect(classifier.device).toHaveAttribute("data-device", device);
    // By turns, so that what is seen is not the answer before.
    await classifier.sees("A cup of coffee");
    await classifier.sees("A cat");
  }
});
