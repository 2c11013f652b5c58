import type { Progress } from "../../lib/types";
import type { Patience } from "./patience";

/** How often other tabs hear how far a download is, in milliseconds. */
const TELL_EVERY = 500;

/** Whose turn it is, and who waits for it. */
export interface Turn {
  /** The cache's key of the file. */
  key: string;
  signal: AbortSignal;
  /** Hears how far the tab is that has the turn, and then how far the work is. */
  onProgress(progress: Progress): void;
}

/**
 * Does work on a file that other tabs may be fetching, too, one tab at a time: what they have fetched is in the cache then.
 * A tab of which nothing is heard any more is not waited for, and nobody is where the browser has no Web Locks.
 */
export async function inTurn<T>(
  { key, signal, onProgress }: Turn,
  patience: Patience,
  work: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work(onProgress);
  signal.throwIfAborted();
  const channel = new BroadcastChannel(lockOf(key));
  const waiting = new AbortController();
  const abort = () => waiting.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  let clock: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(clock);
    // The other tab has the same patience with its server, and goes on then.
    clock = setTimeout(() => waiting.abort(), 2 * patience.silence);
  };
  // One for each file, so what is told there is how far it is.
  channel.onmessage = ({ data }: MessageEvent<Progress>) => {
    wait();
    onProgress(data);
  };
  let begun = false;
  let told = Number.NEGATIVE_INFINITY;
  const tell = (progress: Progress) => {
    onProgress(progress);
    if (patience.now() - told < TELL_EVERY) return;
    told = patience.now();
    channel.postMessage(progress);
  };
  wait();
  try {
    return await locks.request(lockOf(key), { signal: waiting.signal }, () => {
      begun = true;
      clearTimeout(clock);
      channel.onmessage = null;
      return work(tell);
    });
  } catch (thrown) {
    if (begun) throw thrown;
    signal.throwIfAborted();
    // The other tab is stuck, or the browser lends no locks here.
    return await work(onProgress);
  } finally {
    clearTimeout(clock);
    channel.close();
    signal.removeEventListener("abort", abort);
  }
}

/** Does work on a file that no tab is fetching just now, this one included. Else, or without Web Locks, does nothing. */
export async function ifNobodyElse(key: string, work: () => Promise<void>): Promise<void> {
  await globalThis.navigator?.locks?.request(lockOf(key), { ifAvailable: true }, async (lock) => {
    if (lock) await work();
  });
}

function lockOf(key: string): string {
  return `resnet-web:${key}`;
}
