import { expect, test } from "./support/page";

for (const query of ["", "?device=webgpu"]) {
  test(`the page at "/${query}" says so and runs on the CPU`, async ({ classifier, page }) => {
    await classifier.open(query);
    await expect(classifier.device).toHaveAttribute("data-device", "cpu");
    await expect(classifier.device).toContainText(/no WebGPU|no adapter/);
    expect(
      await page.evaluate(() => performance.getEntriesByType("resource").length),
    ).toBeGreaterThan(0);
    await classifier.sees("A cat");
  });
}
