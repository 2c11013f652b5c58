import { defineConfig } from "@playwright/test";
import { chromium } from "../e2e/support/browser";

/** The documentation: its samples, and the built site. */
export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results/docs",
  workers: 2,
  fullyParallel: true,
  timeout: 60_000,
  expect: { timeout: 30_000 },
  use: { serviceWorkers: "block", ...chromium() },
});
