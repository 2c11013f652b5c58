import { SMALL } from "../e2e/support/networks";
import { loseDevice, loseDeviceNext, prepareFaults } from "./support/faults";
import { test } from "./support/test";

test.skip(({ engine }) => engine === "webkit", "WebKitGTK has no WebGPU");
// In Firefox on Mesa's lavapipe, in Chromium on its own SwiftShader: both are software.
test.use({ webgpu: true });

const ON_WEBGPU = "?device=webgpu";

test("on WebGPU the self-check passes, and a photo is classified", async ({ classifier }) => {
  await classifier.open(ON_WEBGPU);
  await classifier.runsOn("webgpu", "webgpu-requested");
  await classifier.says("Self-check passed 2 times", "[data-device]");
  await classifier.says("(software)", "[data-device]");
  await classifier.sees("A cat");
});

test.describe("a device that is lost", () => {
  test.use({ network: SMALL });

  test("is followed by another, between runs and during one", async ({ classifier, host }) => {
    prepareFaults(host);
    await classifier.open(ON_WEBGPU);
    await classifier.sees("A cat");
    await classifier.runsOn("webgpu", "webgpu-requested");
    await loseDevice(classifier.tab);
    await classifier.sees("A cup of coffee");
    await classifier.runsOn("webgpu", "webgpu-reopened");
    await loseDeviceNext(classifier.tab);
    await classifier.sees("A cat");
    await classifier.runsOn("webgpu", "webgpu-reopened");
  });
});
