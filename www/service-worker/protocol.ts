/** What the page tells its service worker. */
export type Message =
  /** Keep the page's files for visits without a network; answered by {@link Kept} on the port that comes with it. */
  | "keep"
  /** Take the place of the version before, now. */
  | "take-over"
  /** Go. For whoever has no hold of the registration. */
  | "unregister";

/** Whether the page's files are kept, all of them. */
export interface Kept {
  kept: boolean;
}

/** What a service worker tells all pages when it has taken over: they are of the version before. */
export const TAKEN_OVER = "taken-over";

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
