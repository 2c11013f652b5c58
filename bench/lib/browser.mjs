import { CHROMIUM } from "../../tools/lib/browser.mjs";

/** Keeps Chromium from doing anything of its own while we measure. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Without a GPU, a software adapter takes its place.
  "--enable-unsafe-webgpu",
];

/** Does `work` with a headless Chromium with an empty profile and, beside ours, `more` arguments. */
export async function withBrowser(work, more = []) {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { chromium } = await import("@playwright/test");
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...ARGUMENTS, ...more],
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
