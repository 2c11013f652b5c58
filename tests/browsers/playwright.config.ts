import { defineConfig } from "@playwright/test";
import type { Options } from "./support/test";

/** Browsers that Playwright does not drive: its runner alone is used, and the drivers are in support/. */
export default defineConfig<Options>({
  testDir: ".",
  outputDir: "../../test-results/browsers",
  // The network fills the machine: one page at a time.
  workers: 1,
  timeout: 360_000,
  expect: { timeout: 120_000, toPass: { timeout: 120_000 } },
  projects: [
    { name: "firefox", use: { engine: "firefox" } },
    { name: "webkit", use: { engine: "webkit" } },
  ],
});
