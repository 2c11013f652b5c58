import { readFile } from "node:fs/promises";
import { test as base } from "@playwright/test";
import { StaticHost } from "./host";
import { WeightFiles } from "./weight-files";

interface Hosts {
  /** A page's own host, which has the package's files, too: page.html, cat.png and small.safetensors beside them. */
  own: StaticHost;
  /** A host of another site with the same files, which every origin may read, as a CDN. */
  cdn: StaticHost;
}

/** Tests of the package as it is built, on pages without a bundler. */
export const onPackage = base.extend<Hosts, { weights: Buffer }>({
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
    const host = await hostOf(weights);
    await use(host);
    host.close();
  },
  cdn: async ({ weights }, use) => {
    const host = await hostOf(weights);
    host.site = "localhost";
    host.headers = {
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    };
    await use(host);
    host.close();
  },
});

async function hostOf(weights: Buffer): Promise<StaticHost> {
  const host = new StaticHost("package");
  const photo = await readFile("www/public/photos/chelsea.png");
  host.change("page.html", () => "<!doctype html><title>A page</title>");
  host.change("cat.png", () => photo);
  host.change("small.safetensors", () => weights);
  await host.open();
  return host;
}
