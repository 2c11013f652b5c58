import { ARE_YOU_UP } from "./protocol";
import { within } from "./within";

/** How long a page may take to its first render, in milliseconds. */
const UP_LIMIT = 10_000;

/** How often it is asked meanwhile, in milliseconds. */
const INTERVAL = 250;

/** One of the page's windows. */
export interface Page {
  postMessage(message: typeof ARE_YOU_UP): void;
}

/** Finds out whether the page of the version before comes up, that is, as far as its first render. */
export class UpCheck {
  /** How often a page has said that it is up. */
  #responses = 0;

  /** A page says that it is up. */
  hear(): void {
    this.#responses += 1;
  }

  /**
   * Whether a page is open and none comes up: its script fails at the start.
   *
   * @param pages the pages that are open at the time of the call, asked again and again
   */
  async fails(pages: () => Promise<readonly Page[]>): Promise<boolean> {
    const before = this.#responses;
    let open: readonly Page[] = [];
    for (let time = 0; time < UP_LIMIT; time += INTERVAL) {
      open = await within(INTERVAL, pages(), open);
      for (const page of open) page.postMessage(ARE_YOU_UP);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      if (this.#responses > before) return false;
    }
    return open.length > 0;
  }
}
