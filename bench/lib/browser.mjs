import { CHROMIUM } from "../../tools/lib/browser.mjs";
import { QUIET, WEBGPU } from "../../tools/lib/chromium.mjs";

/** Does `work` with a headless Chromium with an empty profile and, beside ours, `more` arguments. */
export async function withBrowser(work, more = []) {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { chromium } = await import("@playwright/test");
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...QUIET, ...WEBGPU, ...more],
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** A page at this address; what goes wrong in it is printed. */
export async function openPage(browser, address) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") console.error(message.text());
  });
  await page.goto(address);
  return page;
}
