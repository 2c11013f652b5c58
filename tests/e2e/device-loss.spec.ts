import type { Page } from "@playwright/test";
import { chromium, WEBGPU } from "./support/browser";
import { SMALL } from "./support/networks";
import { type ClassifierPage, expect, test } from "./support/page";
import { loseDevice, loseDeviceNext, prepareFaults, spoilWorkers } from "./support/workers";

test.use({ network: SMALL, ...chromium(WEBGPU) });

const ON_WEBGPU = "?device=webgpu";

/** Longer than the page waits for software to answer; in milliseconds. */
const WAIT = 200_000;

/** Every device is lost as soon as it is there. */
const LOSES = `
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    setTimeout(() => device.destroy(), 50);
    return device;
  };`;
const GIVES_NO_ADAPTER = "GPU.prototype.requestAdapter = () => new Promise(() => {});";
const NEVER_READS = "GPUBuffer.prototype.mapAsync = () => new Promise(() => {});";
/** One dispatch is larger than any device allows: nothing of the run happens, and reading the output succeeds all the same. */
const REFUSES_A_DISPATCH = `
  const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function () {
    GPUComputePassEncoder.prototype.dispatchWorkgroups = dispatchWorkgroups;
    return dispatchWorkgroups.call(this, 1 << 30);
  };`;

/** Runs `code` in the worker that is at work. */
async function spoilWorker(page: Page, code: string): Promise<void> {
  const worker = page.workers().find((worker) => worker.url().includes("/worker-"));
  await worker?.evaluate(code);
}

async function runsOn(
  classifier: ClassifierPage,
  device: "cpu" | "webgpu",
  reason: string,
  detail?: string | RegExp,
) {
  await expect(classifier.device).toHaveAttribute("data-reason", reason);
  await expect(classifier.device).toHaveAttribute("data-device", device);
  if (detail) await expect(classifier.device.locator(".device-detail")).toContainText(detail);
}

async function seesTheCat(classifier: ClassifierPage): Promise<void> {
  await classifier.shows("A cat");
  await expect(classifier.notice.filter({ hasText: "did not work" })).toHaveCount(0);
}

test.describe("a device that is lost", () => {
  test("while it is opened is followed by another", async ({ classifier, page }) => {
    await spoilWorkers(page, LOSES, 1);
    await classifier.open(ON_WEBGPU);
    await classifier.chooseSample("A cat");
    await seesTheCat(classifier);
    await runsOn(classifier, "webgpu", "webgpu-reopened", "destroyed");
  });

  test("while the weights are on their way is followed by another", async ({
    classifier,
    page,
  }) => {
    let arrive = () => {};
    const arriving = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    await prepareFaults(page);
    await page.context().route("**/*.safetensors", async (route) => {
      await arriving;
      await route.fallback().catch(() => {});
    });
    await classifier.open(ON_WEBGPU);
    await classifier.chooseSample("A cat");
    await runsOn(classifier, "webgpu", "webgpu-requested");
    await loseDevice(page);
    await runsOn(classifier, "webgpu", "webgpu-reopened");
    arrive();
    await seesTheCat(classifier);
  });

  test("during a run is followed by another, and the run is repeated", async ({
    classifier,
    page,
  }) => {
    await prepareFaults(page);
    await classifier.open(ON_WEBGPU);
    await classifier.ready();
    await loseDeviceNext(page);
    await classifier.chooseSample("A cat");
    await runsOn(classifier, "webgpu", "webgpu-reopened", "destroyed");
    await seesTheCat(classifier);
    await expect(classifier.notice).toHaveCount(0);
  });

  test("ten times between runs is followed by another each time", async ({ classifier, page }) => {
    test.setTimeout(400_000);
    await prepareFaults(page);
    let workers = 0;
    page.on("worker", (worker) => {
      if (worker.url().includes("/worker-")) workers += 1;
    });
    await classifier.open(ON_WEBGPU);
    await classifier.chooseSample("A cat");
    await seesTheCat(classifier);
    for (let losses = 1; losses <= 10; losses += 1) {
      await loseDevice(page);
      // By turns, so that what is seen is not the answer before.
      await classifier.sees(losses % 2 === 1 ? "A cup of coffee" : "A cat");
      await runsOn(classifier, "webgpu", "webgpu-reopened", "destroyed");
    }
    expect(workers).toBe(11);
  });

  test("twice without a run between is followed by the CPU", async ({ classifier, page }) => {
    await spoilWorkers(page, LOSES);
    await classifier.open(ON_WEBGPU);
    await classifier.chooseSample("A cat");
    await runsOn(classifier, "cpu", "device-lost", "destroyed");
    await expect(classifier.notice).toContainText("Reload the page to try the GPU again.");
    await seesTheCat(classifier);
  });
});

test.describe("a GPU that does not answer", () => {
  for (const [what, code] of [
    ["when it is asked for an adapter", GIVES_NO_ADAPTER],
    ["to the self-check", NEVER_READS],
  ] as const) {
    test(`${what} is left for the CPU`, async ({ classifier, page }) => {
      await page.clock.install();
      await spoilWorkers(page, code);
      const modules = page.waitForResponse(/\.wasm$/);
      await classifier.open(ON_WEBGPU);
      await classifier.chooseSample("A cat");
      await modules;
      await page.waitForTimeout(3000);
      await page.clock.fastForward(WAIT);
      await runsOn(classifier, "cpu", "device-failed", "did not answer for");
      await seesTheCat(classifier);
    });
  }

  test("to a run is opened once more", async ({ classifier, page }) => {
    await page.clock.install();
    await classifier.open(ON_WEBGPU);
    await classifier.ready();
    await spoilWorker(page, NEVER_READS);
    await classifier.chooseSample("A cat");
    await expect(classifier.result).toContainText("Classifying the photo");
    await page.waitForTimeout(3000);
    await page.clock.fastForward(WAIT);
    await runsOn(classifier, "webgpu", "webgpu-reopened", "did not answer for 180 seconds");
    await seesTheCat(classifier);
  });
});

test.describe("a GPU that refuses a command", () => {
  test("a shader that does not compile leaves the CPU", async ({ classifier, page }) => {
    let spoilt = 0;
    await page.context().route(/resnet_web.*\.wasm/, async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      // The shader's text lies in the module as it is.
      const call = Buffer.from("workgroupBarrier()");
      const unknown = Buffer.from("workgroupBarrel ()");
      for (let at = body.indexOf(call); at >= 0; at = body.indexOf(call, at + 1)) {
        unknown.copy(body, at);
        spoilt += 1;
      }
      return route.fulfill({ response, body });
    });
    await classifier.open(ON_WEBGPU);
    await runsOn(classifier, "cpu", "device-failed", /workgroupBarrel|invalid/i);
    expect(spoilt).toBeGreaterThan(0);
    await classifier.chooseSample("A cat");
    await seesTheCat(classifier);
  });

  test("a dispatch that is refused after the self-check gives no stale answer", async ({
    classifier,
    page,
  }) => {
    await classifier.open(ON_WEBGPU);
    await classifier.sees("A cup of coffee");
    await spoilWorker(page, REFUSES_A_DISPATCH);
    await classifier.chooseSample("A cat");
    await seesTheCat(classifier);
    await runsOn(classifier, "cpu", "device-failed", "device failed");
  });
});
