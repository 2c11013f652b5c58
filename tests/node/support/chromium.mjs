import { chromium } from "@playwright/test";
import { CHROMIUM } from "../../../tools/lib/browser.mjs";
import { QUIET } from "../../../tools/lib/chromium.mjs";
import { place } from "../../../tools/lib/places.mjs";

/** How long a step in the browser may take: for a machine that does other work besides. */
const PATIENCE = 90_000;

/** Does `work` with a page in a Chromium of its own. */
export async function inChromium(work) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  try {
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE);
    return await work(await context.newPage());
  } finally {
    await browser.close();
  }
}

/** Chooses the photo of the cat in the page, and waits until its first class has this name. */
export async function seeCat(page, name) {
  const photos = page.locator(".source input[type=file]").first();
  await photos.setInputFiles(place("www/public/photos/chelsea.png"));
  await page.locator("#result").getByRole("listitem").first().getByText(name).waitFor();
}
