/** Which class is first, since when, and which one was told of last. */
export interface Steadiness {
  first: number;
  /** In milliseconds. */
  since: number;
  told: number | null;
}

/** How many milliseconds a class has to stay first to be told of. */
export const PATIENCE = 2000;

/**
 * Takes note of the class that is first in a frame. A class is told of once it has stayed first for a while and is not
 * what was told of last: a screen reader that speaks at every frame says nothing.
 */
export function steady(before: Steadiness | null, first: number, time: number): Steadiness {
  if (before?.first !== first) return { first, since: time, told: before?.told ?? null };
  return time - before.since >= PATIENCE ? { ...before, told: first } : before;
}
