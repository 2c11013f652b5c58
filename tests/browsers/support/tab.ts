import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

/** What kind of file a browser takes it for, by the end of its name. */
const TYPES: Record<string, string> = { ".png": "image/png", ".jpg": "image/jpeg" };

/** What a test wants of a browser's start. */
export interface Launch {
  /** Whether WebGPU is on, in the browsers that have it. */
  webgpu: boolean;
  /** Settings of Firefox, by their names in about:config. */
  preferences: Record<string, boolean | number | string>;
}

/** A browser that is driven, with a profile of its own that is new. */
export interface Browser {
  newTab(): Promise<Tab>;
  close(): Promise<void>;
}

/** A tab of a driven browser: the methods here are the same for all, built on the few that each browser implements. */
export abstract class Tab {
  /** Loads the page at an address. Fails where that takes longer than {@link LOAD_LIMIT}. */
  abstract open(address: string): Promise<void>;

  abstract reload(): Promise<void>;

  /** Runs a function in the page, with arguments and a result that JSON can hold. */
  abstract evaluate<Arguments extends unknown[], Result>(
    work: (...args: Arguments) => Result,
    ...args: Arguments
  ): Promise<Awaited<Result>>;

  /** Clicks the first element of a CSS selector, as a person does: it is scrolled into view and must be in sight. */
  abstract click(selector: string): Promise<void>;

  /** Chooses files, by their paths, in an `<input type="file">`. */
  abstract chooseFiles(selector: string, ...files: string[]): Promise<void>;

  /** A screenshot of the tab, as PNG. */
  abstract screenshot(): Promise<Buffer>;

  abstract close(): Promise<void>;

  /** The text of the first element of a CSS selector as it is seen; empty where there is none. */
  text(selector = "body"): Promise<string> {
    return this.evaluate(
      (selector) => document.querySelector<HTMLElement>(selector)?.innerText ?? "",
      selector,
    );
  }

  /** Waits for the button with this text, or whose image has it as its description, and clicks it. */
  async clickButton(name: string): Promise<void> {
    const end = Date.now() + LOAD_LIMIT;
    for (;;) {
      // A page that is going, or just coming, has none and may refuse to look.
      const selector = await this.#findButton(name).catch(() => null);
      if (selector) return this.click(selector);
      if (Date.now() > end) throw new Error(`there is no button "${name}"`);
      await setTimeout(100);
    }
  }

  /** A CSS selector of a button; null where it is not there. */
  async #findButton(name: string): Promise<string | null> {
    const mark = await this.evaluate((name) => {
      const button = [...document.querySelectorAll("button")].find((one) =>
        [one.innerText.trim(), one.ariaLabel, one.querySelector("img")?.alt].includes(name),
      );
      if (!button) return null;
      button.dataset.test = name;
      return CSS.escape(name);
    }, name);
    return mark && `button[data-test=${mark}]`;
  }

  /** Chooses a value in the `<select>` of a CSS selector, as soon as it can be used. */
  async choose(selector: string, value: string): Promise<void> {
    const end = Date.now() + LOAD_LIMIT;
    while (!(await this.#chooseNow(selector, value))) {
      if (Date.now() > end) throw new Error(`${selector} has no choice "${value}"`);
      await setTimeout(100);
    }
  }

  #chooseNow(selector: string, value: string): Promise<boolean> {
    return this.evaluate(
      (selector, value) => {
        const select = document.querySelector<HTMLSelectElement>(selector);
        if (!select || select.disabled) return false;
        select.value = value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
        return select.value === value;
      },
      selector,
      value,
    );
  }

  /** Drops files, by their paths, on the first element of a CSS selector. */
  async drop(selector: string, ...files: string[]): Promise<void> {
    const dropped = files.map((file) => ({
      name: path.basename(file),
      type: TYPES[path.extname(file)] ?? "",
      base64: readFileSync(file, "base64"),
    }));
    await this.evaluate(
      (selector, dropped) => {
        const dataTransfer = new DataTransfer();
        for (const { name, type, base64 } of dropped) {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          dataTransfer.items.add(new File([bytes], name, { type }));
        }
        const target = document.querySelector(selector);
        for (const event of ["dragenter", "dragover", "drop"]) {
          const options = { bubbles: true, cancelable: true, dataTransfer };
          target?.dispatchEvent(new DragEvent(event, options));
        }
      },
      selector,
      dropped,
    );
  }
}

/** How long a page may take to load, in milliseconds. One that never does is what some tests look for. */
export const LOAD_LIMIT = 30_000;
