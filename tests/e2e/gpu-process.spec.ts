import { chromium, WEBGPU } from "./support/browser";
import { killer } from "./support/gpu-process";
import { expect, test } from "./support/page";

// A browser of its own: afterwards it gives no adapter any more.
test.use(chromium([...WEBGPU, "--disable-gpu-watchdog"]));

test("a GPU process that dies again and again leaves the CPU at last", async ({
  classifier,
  page,
  browser,
}) => {
  test.setTimeout(240_000);
  const kill = await killer(browser);
  await classifier.open("?device=webgpu");
  await expect(classifier.device).toHaveAttribute("data-reason", "webgpu-requested");
  for (const during of ["loading", "run", "pause", "pause"]) {
    await test.step(`during a ${during}`, async () => {
      if (during !== "pause") await classifier.chooseSample("A cat");
      if (during === "run") await expect(classifier.result).toContainText("Classifying the photo");
      kill();
      if (during === "pause") await classifier.chooseSample("A cat");
      await classifier.shows("A cat");
    });
  }
  // After the second death there is no adapter any more.
  await expect(classifier.device).toHaveAttribute("data-reason", "device-lost");
  await expect(classifier.device).toHaveAttribute("data-device", "cpu");
  await expect(page.getByText("The WebGPU device was lost: running on the CPU.")).toBeVisible();
});
