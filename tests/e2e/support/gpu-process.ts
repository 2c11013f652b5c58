import type { Browser } from "@playwright/test";

/** Returns a function that kills the GPU's process; each call kills the current one. */
export async function killer(browser: Browser): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  // It never answers.
  return () => void session.send("Browser.crashGpuProcess").catch(() => {});
}
