import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium as browser } from "@playwright/test";
import { chromium } from "../../e2e/support/browser";

/** Opens a page of an unpacked extension in a browser that has it, and closes the browser afterwards. */
export async function inExtension(
  folder: string,
  use: (context: BrowserContext, address: string) => Promise<void>,
): Promise<void> {
  const profile = await mkdtemp(path.join(tmpdir(), "resnet-web-profile-"));
  const { launchOptions } = chromium([
    `--load-extension=${folder}`,
    `--disable-extensions-except=${folder}`,
  ]);
  const context = await browser.launchPersistentContext(profile, {
    ...launchOptions,
    // Playwright starts browsers with it.
    ignoreDefaultArgs: ["--disable-extensions"],
  });
  try {
    await use(context, `chrome-extension://${idOf(folder)}/`);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** The id that Chromium gives an unpacked extension: a hash of its path, written with the letters a to p. */
function idOf(folder: string): string {
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 32);
  return [...hash].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join("");
}
