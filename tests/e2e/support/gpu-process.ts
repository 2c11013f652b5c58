import type { Browser } from "@playwright/test";

/** Kills the GPU's process; whoever calls it again kills the next one. */
export async function killer(browser: Browser): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  // It never answers.
  return () => void session.send("Browser.crashGpuProcess").catch(() => {});
}
