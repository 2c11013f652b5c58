import { isDeepStrictEqual } from "node:util";
import { test as base, expect } from "@playwright/test";
import { StaticHost } from "../../e2e/support/host";
import { type Network, RESNET_50 } from "../../e2e/support/networks";
import { type WeightFiles, weightFiles } from "../../e2e/support/weight-files";
import { ClassifierTab } from "./classifier";
import { type Engine, LAUNCH } from "./engines";
import type { Browser, Launch } from "./tab";

export interface WorkerOptions {
  engine: Engine;
}

interface Options extends Launch {
  /** What the page loads for the default weights. */
  network: Network;
}

interface Fixtures {
  /** A static host of its own, which isolates the page: so what a browser keeps of it is of one test. */
  host: StaticHost;
  /** The browser: one of its own where a test wants it started otherwise, else one for all tests. */
  driven: Browser;
  /** Opens a tab. */
  newTab: () => Promise<ClassifierTab>;
  /** The first tab, with nothing in it yet. */
  classifier: ClassifierTab;
}

interface WorkerFixtures {
  weights: WeightFiles;
  /** The browser for all tests, which starts when it is first asked for. */
  shared: () => Promise<Browser>;
}

/** How a browser starts if a test does not say otherwise. */
const PLAIN: Launch = { webgpu: false, preferences: {} };

/** A test in one engine. */
export const test = base.extend<Options & Fixtures, WorkerOptions & WorkerFixtures>({
  engine: ["firefox", { option: true, scope: "worker" }],
  webgpu: [PLAIN.webgpu, { option: true }],
  preferences: [PLAIN.preferences, { option: true }],
  network: [RESNET_50, { option: true }],
  weights: weightFiles,
  shared: [
    async ({ engine }, use) => {
      let browser: Promise<Browser> | undefined;
      await use(() => {
        browser ??= LAUNCH[engine](PLAIN);
        return browser;
      });
      await (await browser)?.close();
    },
    { scope: "worker" },
  ],
  driven: async ({ engine, webgpu, preferences, shared }, use) => {
    if (isDeepStrictEqual({ webgpu, preferences }, PLAIN)) return use(await shared());
    const own = await LAUNCH[engine]({ webgpu, preferences });
    await use(own);
    await own.close();
  },
  host: async ({ network, weights }, use) => {
    const host = new StaticHost();
    host.isolates = true;
    if (network.fixture) await weights.serve(host, network.fixture);
    await host.open();
    await use(host);
    host.close();
  },
  newTab: async ({ driven, host, network }, use) => {
    const tabs: ClassifierTab[] = [];
    await use(async () => {
      const tab = new ClassifierTab(await driven.newTab(), () => host.address, network);
      tabs.push(tab);
      return tab;
    });
    // One that a test has closed cannot be closed again.
    for (const { tab } of tabs) await tab.close().catch(() => {});
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
