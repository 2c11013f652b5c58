import { test as base, expect } from "@playwright/test";
import { StaticHost } from "../../e2e/support/host";
import { ClassifierTab } from "./classifier";
import { launchFirefox, type Preferences } from "./firefox";
import type { Browser } from "./tab";
import { launchWebKit } from "./webkit";

const LAUNCH = { firefox: launchFirefox, webkit: launchWebKit };

export interface Options {
  engine: keyof typeof LAUNCH;
  /** Settings of Firefox; other browsers take none. */
  preferences: Preferences;
}

interface Fixtures {
  /** A static host of its own, which isolates the page. */
  host: StaticHost;
  driven: Browser;
  /** Opens a tab. */
  newTab: () => Promise<ClassifierTab>;
  /** The first tab, with nothing in it yet. */
  classifier: ClassifierTab;
}

/** A test in a browser that Playwright does not drive. */
export const test = base.extend<Options & Fixtures>({
  engine: ["firefox", { option: true }],
  preferences: [{}, { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off the pattern.
  host: async ({}, use) => {
    const host = new StaticHost();
    host.isolates = true;
    await host.open();
    await use(host);
    host.close();
  },
  driven: async ({ engine, preferences }, use) => {
    const browser = await LAUNCH[engine](preferences);
    await use(browser);
    await browser.close();
  },
  newTab: async ({ driven, host }, use) => {
    await use(async () => new ClassifierTab(await driven.newTab(), () => host.address));
  },
  classifier: async ({ newTab }, use, info) => {
    const classifier = await newTab();
    await use(classifier);
    if (info.status !== info.expectedStatus) {
      const body = await classifier.tab.screenshot().catch(() => undefined);
      if (body) await info.attach("screenshot", { body, contentType: "image/png" });
    }
  },
});

export { expect };
