/** Messages to a service worker, from the page unless noted. */
export type Message =
  /** Keep the page's files for visits without a network; answered by {@link Kept} on the port that comes with it. */
  | "keep"
  /** Take the place of the version before, now, and have all tabs load the new page. */
  | "take-over"
  /** Take its place and leave the tabs as they are: that version does not hold its page, which comes from the network. */
  | "replace"
  /** A page has come as far as its first render; answers {@link ARE_YOU_UP}. */
  | "up"
  /** Said by the version before to the one that waits: a page is being opened. */
  | "page-opens"
  /** Unregister. For a page that has no registration at hand. */
  | "unregister";

/** Whether the page's files are kept, all of them. */
export interface Kept {
  kept: boolean;
}

/** What a service worker posts to all pages when it has taken over: they are of the version before. */
export const TAKEN_OVER = "taken-over";

/** What a new version asks the pages of the version before, which answer "up". */
export const ARE_YOU_UP = "are-you-up";

/** The cache of the page's files. An origin may have several pages, each with a scope of its own. */
export function pageCache(scope: string): string {
  return `resnet-web-page:${scope}`;
}

/**
 * A cache that is empty, and means by being there that the service worker isolates the page (docs/isolation.md): caches
 * are what page and service worker both have.
 */
export function isolationMark(scope: string): string {
  return `resnet-web-isolation:${scope}`;
}
