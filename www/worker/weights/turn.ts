import type { Progress } from "../../protocol/types";
import type { RetryPolicy } from "./retry-policy";

/** How often a tab that has the turn gives a sign, in milliseconds. */
const SIGN_EVERY = 500;

/** A turn at a file. */
export interface Turn {
  /** The cache's key of the file. */
  key: string;
  signal: AbortSignal;
  /** Called with the progress of the tab that has the turn before, and then with that of the work. */
  onProgress(progress: Progress): void;
}

/** What is done when the turn comes. `waited`: another tab had it before, so the file may be here. */
type Work<T> = (onProgress: (progress: Progress) => void, waited: boolean) => Promise<T>;

/**
 * Does work on a file that other tabs may be fetching, too, one tab at a time. From a tab that gives no sign any more the
 * turn is taken: it may be frozen, and WebKit leaves locks with pages that are gone (seen with 2.50). Where the browser has
 * no Web Locks, or lends none, there is no waiting.
 */
export async function inTurn<T>(
  { key, signal, onProgress }: Turn,
  retryPolicy: RetryPolicy,
  work: Work<T>,
): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work(onProgress, false);
  signal.throwIfAborted();
  const channel = new BroadcastChannel(lockOf(key));
  let outcome: Promise<T> | undefined;
  const begin = (waited: boolean) => {
    channel.onmessage = null;
    outcome = withSigns(channel, onProgress, (tell) => work(tell, waited));
    return outcome;
  };
  const take = async (options: LockOptions, waited: boolean) => {
    try {
      await locks.request(lockOf(key), options, (lock) => (lock ? begin(waited) : null));
    } catch {
      // The work's own failure is in its outcome. And it goes on if the lock is taken away.
    }
  };
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await take({ ifAvailable: true }, false);
    if (!outcome) {
      let clock = setTimeout(stop, retryPolicy.silentTab);
      channel.onmessage = ({ data }: MessageEvent<Progress | null>) => {
        clearTimeout(clock);
        clock = setTimeout(stop, retryPolicy.silentTab);
        if (data) onProgress(data);
      };
      await take({ signal: waiting.signal }, true);
      clearTimeout(clock);
    }
    signal.throwIfAborted();
    if (!outcome) await take({ steal: true }, true);
    return await (outcome ?? begin(true));
  } finally {
    signal.removeEventListener("abort", stop);
    channel.close();
  }
}

/** Does work, and gives a sign of it to other tabs from time to time. */
async function withSigns<T>(
  channel: BroadcastChannel,
  onProgress: (progress: Progress) => void,
  work: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  let latest: Progress | null = null;
  const signs = setInterval(() => channel.postMessage(latest), SIGN_EVERY);
  try {
    return await work((progress) => {
      latest = progress;
      onProgress(progress);
    });
  } finally {
    clearInterval(signs);
  }
}

/** Does work on a file if no tab, this one included, is fetching it. Otherwise, or without Web Locks, does nothing. */
export async function ifFree(key: string, work: () => Promise<void>): Promise<void> {
  await globalThis.navigator?.locks?.request(lockOf(key), { ifAvailable: true }, async (lock) => {
    if (lock) await work();
  });
}

function lockOf(key: string): string {
  return `resnet-web:${key}`;
}
