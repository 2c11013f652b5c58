import { readFile } from "node:fs/promises";
import { test as base, type Page } from "@playwright/test";
import { StaticHost } from "./support/host";
import { expect } from "./support/page";
import { WeightFiles } from "./support/weight-files";

// The package as it is built, on a page without a bundler.

interface Hosts {
  /** The page's own host, which has the package's files, too. */
  own: StaticHost;
  /** A host of another origin with the package's files, as a CDN. */
  cdn: StaticHost;
}

const test = base.extend<Hosts, { weights: Buffer }>({
  weights: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures off the pattern.
    async ({}, use) => {
      const files = new WeightFiles();
      const { content } = await files.asDefault("basic-f16.safetensors");
      await use(content);
      await files.remove();
    },
    { scope: "worker" },
  ],
  own: async ({ weights }, use) => {
    const host = new StaticHost("package");
    const photo = await readFile("www/public/photos/chelsea.png");
    host.change("page.html", () => "<!doctype html><title>A page</title>");
    host.change("cat.png", () => photo);
    host.change("small.safetensors", () => weights);
    await host.open();
    await use(host);
    host.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures off the pattern.
  cdn: async ({}, use) => {
    const host = new StaticHost("package");
    host.headers = {
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    };
    await host.open();
    await use(host);
    host.close();
  },
});

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
