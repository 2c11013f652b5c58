import { defineConfig } from "@playwright/test";
import { chromium } from "../e2e/support/browser";

/** The projects in examples/, with the package as `npm pack` packs it. */
export default defineConfig({
  testDir: ".",
  // The other tests are for Node's own runner.
  testMatch: "*.spec.ts",
  outputDir: "../../test-results/package",
  // A project is installed and built while the page of another one runs.
  fullyParallel: true,
  workers: 2,
  timeout: 300_000,
  expect: { timeout: 60_000 },
  use: chromium(),
});
