/** What became of isolating the page in this tab. */
export type Attempt =
  /** It was loaded anew for it. */
  | "made"
  /** That was in vain. */
  | "failed";

/** What decides about the service worker that isolates the page. */
export interface Situation {
  /** The page is isolated, by whatever means. */
  isolated: boolean;
  /** The service worker could be registered without getting in anybody's way. */
  possible: boolean;
  /** It is registered. */
  registered: boolean;
  /** The address says `?isolation=off`. */
  off: boolean;
  /** The site's owner wants it for everybody. */
  forEverybody: boolean;
  /** The person has turned it off. */
  refused: boolean;
  /** What became of it in this tab, if it was tried. */
  attempt: Attempt | null;
  /** This is the page that was loaded anew. */
  reloaded: boolean;
}

/** What to do on arrival. */
export type Step =
  | "nothing"
  /** Register the service worker, then load the page anew. */
  | "turn-on"
  /** Unregister it. */
  | "remove"
  /** Unregister it, because it has not helped, and say so. */
  | "give-up";

/** What the person may do. */
export type Offer = "turn-on" | "turn-off" | null;

/**
 * Decides so that no page is caught in a loop: it is loaded anew by itself once in a tab, and gives up where that was in
 * vain.
 */
export function decide(situation: Situation): { step: Step; offer: Offer } {
  const { isolated, possible, registered, off, forEverybody, refused } = situation;
  if (off) return { step: registered ? "remove" : "nothing", offer: null };
  if (isolated) return { step: "nothing", offer: registered ? "turn-off" : null };
  if (!possible) return { step: "nothing", offer: null };
  if (situation.reloaded) return { step: "give-up", offer: null };
  if (situation.attempt === "failed") return { step: "nothing", offer: null };
  const byItself = forEverybody && !refused && situation.attempt === null;
  return { step: byItself ? "turn-on" : "nothing", offer: "turn-on" };
}
