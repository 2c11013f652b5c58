/** What became of isolating the page in this tab. */
export type Attempt =
  /** The page was reloaded for it. */
  | "made"
  /** That was in vain. */
  | "failed";

/** What decides whether the service worker isolates the page. */
export interface Situation {
  /** The page is isolated, by whatever means. */
  isolated: boolean;
  /** A service worker can be registered without replacing another one. */
  possible: boolean;
  /** It is there, and was told to isolate the page. */
  turnedOn: boolean;
  /** The address says `?isolation=off`. */
  off: boolean;
  /** The site's owner wants it for everybody. */
  forEverybody: boolean;
  /** The person has turned it off. */
  refused: boolean;
  /** What became of it in this tab, if it was tried. */
  attempt: Attempt | null;
  /** This is the page after that reload. */
  reloaded: boolean;
}

/** What to do on arrival. */
export type Step =
  | "nothing"
  /** Have the service worker isolate the page, then reload it. */
  | "turn-on"
  /** Have it stop that. */
  | "turn-off"
  /** Have it stop that, because it has not helped, and say so. */
  | "give-up";

/** What the person may do. */
export type Offer = "turn-on" | "turn-off" | null;

/**
 * Decides so that no page is caught in a loop: it reloads by itself once in a tab, and gives up where that was in
 * vain.
 */
export function decide(situation: Situation): { step: Step; offer: Offer } {
  const { isolated, possible, turnedOn, off, forEverybody, refused } = situation;
  if (off) return { step: turnedOn ? "turn-off" : "nothing", offer: null };
  if (isolated) return { step: "nothing", offer: turnedOn ? "turn-off" : null };
  if (!possible) return { step: "nothing", offer: null };
  if (situation.reloaded) return { step: "give-up", offer: null };
  if (situation.attempt === "failed") return { step: "nothing", offer: null };
  const byItself = forEverybody && !refused && situation.attempt === null;
  return { step: byItself ? "turn-on" : "nothing", offer: "turn-on" };
}
