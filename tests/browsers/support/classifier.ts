import { expect } from "@playwright/test";
import type { Network, Sample } from "../../e2e/support/networks";
import type { Tab } from "./tab";

/** The page under test in a tab, in a person's terms. */
export class ClassifierTab {
  readonly #address: () => string;

  constructor(
    readonly tab: Tab,
    address: () => string,
    readonly network: Network,
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

  /** Waits until there is an element of a CSS selector. */
  async has(selector: string): Promise<void> {
    await expect(async () => {
      const is = await this.tab.evaluate(
        (selector) => document.querySelector(selector) !== null,
        selector,
      );
      expect(is, selector).toBe(true);
    }).toPass();
  }

  /** Waits until the model is there. */
  async ready({ name } = this.network): Promise<void> {
    await this.says(name, "#model-heading");
  }

  /** Waits until the page and its weights are kept for visits without a network. */
  async kept(): Promise<void> {
    await this.says("works: page and weights are saved");
  }

  /** Waits for the model, chooses a sample, and waits for its right result. */
  async sees(sample: Sample, network = this.network): Promise<void> {
    await this.ready(network);
    await this.tab.clickButton(sample);
    await this.says(network.answers[sample], "#result");
  }

  /** Waits until something runs on this device, for this reason. */
  async runsOn(device: "cpu" | "webgpu", reason: string): Promise<void> {
    await expect(async () => {
      const found = await this.tab.evaluate(() => {
        const { device, reason } =
          document.querySelector<HTMLElement>("[data-device]")?.dataset ?? {};
        return { device, reason };
      });
      expect(found).toEqual({ device, reason });
    }).toPass();
  }

  isIsolated(): Promise<boolean> {
    return this.tab.evaluate(() => crossOriginIsolated);
  }

  title(): Promise<string> {
    return this.tab.evaluate(() => document.title);
  }
}
