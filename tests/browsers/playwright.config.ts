import { defineConfig } from "@playwright/test";
import type { WorkerOptions } from "./support/test";

/** The same tests in every engine: of Playwright only the runner is used, and the drivers are in support/. */
export default defineConfig<object, WorkerOptions>({
  testDir: ".",
  outputDir: "../../test-results/browsers",
  // The network fills the machine: one page at a time.
  workers: 1,
  timeout: 360_000,
  expect: { timeout: 120_000, toPass: { timeout: 120_000 } },
  projects: [
    { name: "chromium", use: { engine: "chromium" } },
    { name: "firefox", use: { engine: "firefox" } },
    { name: "webkit", use: { engine: "webkit" } },
  ],
});
