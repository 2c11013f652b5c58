/** Which class is first, since when, and which one was announced last. */
export interface Steadiness {
  first: number;
  /** In milliseconds. */
  since: number;
  announced: number | null;
}

/** How many milliseconds a class has to stay first to be announced. */
export const STEADY_AFTER = 2000;

/**
 * Takes note of the class that is first in a frame. A class is announced once it has stayed first for a while and is not
 * what was announced last: a screen reader that speaks at every frame says nothing.
 */
export function steady(before: Steadiness | null, first: number, time: number): Steadiness {
  if (before?.first !== first) return { first, since: time, announced: before?.announced ?? null };
  return time - before.since >= STEADY_AFTER ? { ...before, announced: first } : before;
}
