import puppeteer, { type ElementHandle, type Page } from "puppeteer-core";
import { type Browser, LOAD_LIMIT, Tab } from "./tab";

/** Settings of Firefox, by their names in about:config. */
export type Preferences = Record<string, boolean | number | string>;

/** Starts Debian's Firefox, driven by WebDriver BiDi. */
export async function launchFirefox(preferences: Preferences = {}): Promise<Browser> {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: preferences,
    defaultViewport: { width: 1280, height: 900 },
  });
  return {
    newTab: async () => new FirefoxTab(await browser.newPage()),
    close: async () => {
      // A tab whose page hangs may not let itself be closed.
      browser.process()?.kill("SIGKILL");
      await browser.close().catch(() => {});
    },
  };
}

class FirefoxTab extends Tab {
  readonly #page: Page;

  constructor(page: Page) {
    super();
    this.#page = page;
    page.setDefaultTimeout(LOAD_LIMIT);
  }

  override async open(address: string): Promise<void> {
    await this.#page.goto(address);
  }

  override async reload(): Promise<void> {
    await this.#page.reload();
  }

  override async evaluate<Arguments extends unknown[], Result>(
    work: (...args: Arguments) => Result,
    ...args: Arguments
  ): Promise<Awaited<Result>> {
    // Puppeteer's types have handles among the arguments, which there are none of here.
    return this.#page.evaluate(work as (...args: unknown[]) => Awaited<Result>, ...args);
  }

  override async click(selector: string): Promise<void> {
    await this.#page.locator(selector).click();
  }

  override async chooseFiles(selector: string, ...files: string[]): Promise<void> {
    const input = await this.#page.$(selector);
    await (input as ElementHandle<HTMLInputElement>).uploadFile(...files);
  }

  override async screenshot(): Promise<Buffer> {
    return Buffer.from(await this.#page.screenshot());
  }

  override async close(): Promise<void> {
    await this.#page.close();
  }
}
