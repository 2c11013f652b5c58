import { defineConfig } from "@playwright/test";
import { chromium } from "./tests/e2e/support/browser";

const port = Number(process.env.PORT ?? 4180);

export default defineConfig({
  testDir: "tests/e2e",
  // Two files at a time: a page waits for its browser half of the time.
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 60_000 },
  use: {
    baseURL: `http://localhost:${port}`,
    viewport: { width: 1280, height: 900 },
    // What a service worker fetches escapes the tests' routes. Those about it allow it.
    serviceWorkers: "block",
    ...chromium(),
  },
  webServer: {
    command: `npx vite preview --port ${port}`,
    url: `http://localhost:${port}`,
    reuseExistingServer: !process.env.CI,
  },
});
