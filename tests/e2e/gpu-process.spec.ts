import type { Browser } from "@playwright/test";
import { chromium, WEBGPU } from "./support/browser";
import { expect, test } from "./support/page";

const ON_WEBGPU = "?device=webgpu";

/** Kills the GPU's process; whoever calls it again kills the next one. */
async function killer(browser: Browser): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  // It never answers.
  return () => void session.send("Browser.crashGpuProcess").catch(() => {});
}

test.describe("a GPU process that dies", () => {
  // As it stands, Chromium gives a page no adapter any more after its second death, and gives up with the sixth.
  test.use(
    chromium([
      ...WEBGPU,
      "--disable-gpu-watchdog",
      "--disable-gpu-process-crash-limit",
      "--disable-domain-blocking-for-3d-apis",
    ]),
  );

  test("ten times in a row is followed by another each time", async ({ classifier, browser }) => {
    test.setTimeout(600_000);
    const kill = await killer(browser);
    await classifier.open(ON_WEBGPU);
    await classifier.chooseSample("A cat");
    const first = classifier.result.getByRole("listitem").first();
    await expect(first).toContainText("Egyptian cat");
    for (let deaths = 1; deaths <= 10; deaths += 1) {
      kill();
      // By turns, so that what is seen is not the answer before.
      const coffee = deaths % 2 === 1;
      await classifier.chooseSample(coffee ? "A cup of coffee" : "A cat");
      await expect(first).toContainText(coffee ? "espresso" : "Egyptian cat");
      await expect(classifier.device).toHaveAttribute("data-reason", "webgpu-reopened");
    }
  });
});

test.describe("a GPU process that the browser gives up", () => {
  // A browser of its own: afterwards it gives no adapter any more.
  test.use(chromium([...WEBGPU, "--disable-gpu-watchdog"]));

  test("is followed by the CPU", async ({ classifier, page, browser }) => {
    test.setTimeout(240_000);
    const kill = await killer(browser);
    await classifier.open(ON_WEBGPU);
    await expect(classifier.device).toHaveAttribute("data-reason", "webgpu-requested");
    for (const during of ["loading", "run", "pause", "pause"]) {
      await test.step(`during a ${during}`, async () => {
        if (during !== "pause") await classifier.chooseSample("A cat");
        if (during === "run") await expect(classifier.result).toContainText("Looking at the photo");
        kill();
        if (during === "pause") await classifier.chooseSample("A cat");
        await expect(classifier.result.getByRole("listitem").first()).toContainText("Egyptian cat");
      });
    }
    // After the second death there is no adapter any more.
    await expect(classifier.device).toHaveAttribute("data-reason", "device-lost");
    await expect(classifier.device).toHaveAttribute("data-device", "cpu");
    await expect(page.getByText("WebGPU's device was lost: running on the CPU.")).toBeVisible();
  });
});
