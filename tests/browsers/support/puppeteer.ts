import puppeteer, {
  type Browser as Driven,
  type ElementHandle,
  type LaunchOptions,
  type Page,
} from "puppeteer-core";
import { QUIET, WEBGPU } from "../../../tools/lib/chromium.mjs";
import { type Browser, type Launch, LOAD_LIMIT, Tab } from "./tab";

/** What both browsers are started with. */
const COMMON: LaunchOptions = { headless: true, defaultViewport: { width: 1280, height: 900 } };

/** Starts Debian's Chromium, driven by the DevTools protocol. */
export async function launchChromium({ webgpu }: Launch): Promise<Browser> {
  return new PuppeteerBrowser(
    await puppeteer.launch({
      ...COMMON,
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [...QUIET, ...(webgpu ? WEBGPU : [])],
    }),
  );
}

/** Starts Debian's Firefox, driven by WebDriver BiDi. */
export async function launchFirefox({ webgpu, preferences }: Launch): Promise<Browser> {
  return new PuppeteerBrowser(
    await puppeteer.launch({
      ...COMMON,
      browser: "firefox",
      executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
      extraPrefsFirefox: {
        "dom.webgpu.enabled": webgpu,
        // Firefox gives pages no software adapter of itself.
        "gfx.webgpu.ignore-blocklist": webgpu,
        ...preferences,
      },
    }),
  );
}

class PuppeteerBrowser implements Browser {
  readonly #driven: Driven;

  constructor(driven: Driven) {
    this.#driven = driven;
  }

  async newTab(): Promise<Tab> {
    return new PuppeteerTab(await this.#driven.newPage());
  }

  async close(): Promise<void> {
    // A tab whose page hangs may not let itself be closed.
    this.#driven.process()?.kill("SIGKILL");
    await this.#driven.close().catch(() => {});
  }
}

class PuppeteerTab extends Tab {
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
