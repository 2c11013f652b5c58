import { expect, type Page } from "@playwright/test";
import { onPackage as test } from "./support/package";

// The package as it is built, on a page without a bundler.

/** Classifies the cat with the package from `folder`; `assets` is the option of that name. */
function classify(page: Page, folder: string, assets?: string) {
  return page.evaluate(
    async ([folder, assets]) => {
      const { createClassifier } = await import(`${folder}index.js`);
      const classifier = await createClassifier({
        weights: "small.safetensors",
        device: "cpu",
        ...(assets && { assets }),
      });
      const photo = await (await fetch("cat.png")).blob();
      const { top } = await classifier.classify(photo);
      const { threads } = await classifier.device;
      classifier.dispose();
      return { top, threads };
    },
    [folder, assets] as const,
  );
}

for (const isolated of [false, true]) {
  const where = isolated ? "on several threads, where the page is isolated" : "on one thread";

  test(`a page imports the package from its own server, ${where}`, async ({ page, own }) => {
    own.isolates = isolated;
    await page.goto(`${own.address}page.html`);
    const { top, threads } = await classify(page, own.address);
    expect(top).toHaveLength(5);
    expect(top[0]).toMatchObject({ index: 5, probability: expect.closeTo(0.125, 2) });
    expect(threads.count > 1).toBe(isolated);
  });

  test(`a page imports it from another origin, ${where}`, async ({ page, own, cdn }) => {
    own.isolates = isolated;
    await page.goto(`${own.address}page.html`);
    const { top, threads } = await classify(page, cdn.address, `${cdn.address}resnet-web/`);
    expect(top[0]).toMatchObject({ index: 5 });
    expect(threads.count > 1).toBe(isolated);
  });
}

test("the result is the same bit for bit on any number of threads", async ({ page, own }) => {
  own.isolates = true;
  await page.goto(`${own.address}page.html`);
  const results = await page.evaluate(async (folder) => {
    const { createClassifier } = await import(`${folder}index.js`);
    const classifier = await createClassifier({ weights: "small.safetensors", device: "cpu" });
    const photo = await (await fetch("cat.png")).blob();
    const results = [];
    for (const threads of [1, 2, "auto"]) {
      await classifier.setThreads(threads);
      const { top, evidence } = await classifier.classify(photo, { evidence: "first" });
      results.push({ top, values: [...evidence.values] });
    }
    classifier.dispose();
    return results;
  }, own.address);
  const [one, ...several] = results;
  expect(several).toEqual([one, one]);
});
