import { chromium, WEBGPU } from "./support/browser";
import { expect, test } from "./support/page";

test.use(chromium(WEBGPU));

test("the page runs on the CPU unless asked, and does not load the GPU module", async ({
  classifier,
  page,
}) => {
  const modules: string[] = [];
  page.on("response", (response) => {
    if (response.url().endsWith(".wasm")) modules.push(response.url());
  });
  await classifier.open("");
  await expect(classifier.device).toHaveAttribute("data-reason", "software-adapter");
  await expect(classifier.device).toHaveAttribute("data-device", "cpu");
  await classifier.ready();
  expect(modules).toHaveLength(1);
});

test("?device=webgpu runs on it, and says that it is software", async ({ classifier }) => {
  await classifier.open("?device=webgpu");
  await classifier.chooseSample("A cat");
  await expect(classifier.device).toHaveAttribute("data-device", "webgpu");
  await expect(classifier.device).toContainText("(software)");
  await expect(classifier.device).toContainText("Self-check passed 2 times");
  const top = await classifier.topResult();
  expect(top.label).toBe("Egyptian cat");
  expect(Math.abs(top.percent - 78.4)).toBeLessThan(1.5);
});

test("?device=cpu leaves the GPU alone", async ({ classifier, page }) => {
  await classifier.open("?device=cpu");
  await expect(classifier.device).toHaveAttribute("data-reason", "cpu-requested");
  await expect(page.getByText("WebGPU:")).toHaveCount(0);
});

const BROKEN = [
  {
    what: "a GPU module that does not load",
    pattern: /resnet_web.*\.wasm/,
    reason: "device-failed",
  },
];
for (const { what, pattern, reason } of BROKEN) {
  test(`${what} leaves the CPU`, async ({ classifier, page }) => {
    let first = true;
    await page.context().route(pattern, async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      // The GPU module is the large one.
      if (body.length < 4 << 20) return route.fulfill({ response });
      first = false;
      return route.fulfill({ status: 500, body: "" });
    });
    await classifier.open("?device=webgpu");
    await expect(classifier.device).toHaveAttribute("data-reason", reason);
    await expect(classifier.device).toHaveAttribute("data-device", "cpu");
    expect(first).toBe(false);
    await classifier.sees("A cat");
  });
}
