/** How long to wait for what. A value, so that tests need not wait. */
export interface RetryPolicy {
  /** With no byte for so many milliseconds, a connection counts as broken. */
  silence: number;
  /** The same for asking whether a copy that is at hand is still good. */
  silenceWithCopy: number;
  /** A tab that downloads the same file, and of which nothing is heard for so many milliseconds, counts as stuck. */
  silentTab: number;
  /** How often in a row a broken connection is taken up again. */
  retries: number;
  /** The same while the server has never answered: it may not be there, or not allow this page to read it. */
  retriesBeforeAnswer: number;
  /** The longest wait that a server may ask for, in milliseconds. */
  longestWait: number;
  now(): number;
  /** From 0 to 1, so that many pages do not all come back at the same moment. */
  random(): number;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** What suits people who watch a progress bar. */
export const RETRY_POLICY: RetryPolicy = {
  silence: 30_000,
  silenceWithCopy: 10_000,
  silentTab: 3000,
  retries: 5,
  retriesBeforeAnswer: 2,
  longestWait: 60_000,
  now: Date.now,
  random: Math.random,
  sleep: (milliseconds, signal) =>
    unlessAborted(new Promise((resolve) => setTimeout(resolve, milliseconds)), signal),
};

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;

/** How long to wait after `failures` failures in a row, in milliseconds: twice as long each time, give or take. */
export function pause(failures: number, { random }: RetryPolicy): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures) * (0.75 + random() / 2);
}

/** Waits for `work`, but no longer than until `signal` says stop. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Waits for `work`, but no longer than `milliseconds`: then it fails with what `late` makes. */
export function inTime<T>(work: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
