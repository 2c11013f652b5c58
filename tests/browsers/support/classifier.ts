import { expect } from "@playwright/test";
import { RESNET_50, type Sample } from "../../e2e/support/networks";
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
    await this.says(RESNET_50.name);
  }

  /** Waits until the page and its weights are kept for visits without a network. */
  async kept(): Promise<void> {
    await this.says("works: page and weights are saved");
  }

  /** Waits for the model, chooses a sample, and waits for its right result. */
  async sees(sample: Sample): Promise<void> {
    await this.ready();
    await this.tab.clickButton(sample);
    await this.says(RESNET_50.answers[sample], "#result");
  }

  isIsolated(): Promise<boolean> {
    return this.tab.evaluate(() => crossOriginIsolated);
  }

  title(): Promise<string> {
    return this.tab.evaluate(() => document.title);
  }
}
