import { expect } from "@playwright/test";
import type { Tab } from "./tab";

/** The page under test in a tab, in a person's terms. */
export class ClassifierTab {
  readonly #address: () => string;

  constructor(
    readonly tab: Tab,
    address: () => string,
  ) {
    this.#address = address;
  }

  /** Opens the page; `query` as `?device=cpu`. */
  async open(query = "?device=cpu"): Promise<void> {
    await this.tab.open(this.#address() + query);
  }

  /** Waits until an element says something. */
  async says(what: string | RegExp, selector = "body"): Promise<void> {
    // Each try may fall into the moment when a page goes and the next one comes.
    await expect(async () => {
      const text = await this.tab.text(selector);
      if (typeof what === "string") expect(text).toContain(what);
      else expect(text).toMatch(what);
    }).toPass();
  }

  /** Waits until the model is there. */
  async ready(): Promise<void> {
    await this.says("ResNet-50");
  }

  /** Waits until the page and its weights are kept for visits without a network. */
  async kept(): Promise<void> {
    await this.says("works: page and weights are kept");
  }

  /** Chooses the sample of a cat, and waits for its result to be right. */
  async classifiesCat(): Promise<void> {
    await this.ready();
    await this.tab.clickButton("A cat");
    await this.says(/Egyptian cat\s*78/, "#result");
  }

  isIsolated(): Promise<boolean> {
    return this.tab.evaluate(() => crossOriginIsolated);
  }

  title(): Promise<string> {
    return this.tab.evaluate(() => document.title);
  }
}
