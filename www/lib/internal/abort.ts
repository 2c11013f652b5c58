import { aborted, ResNetError } from "../../protocol/errors";

/** Waits for `work` unless a signal is aborted: then fails at once, with the signal's reason as the cause. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return work;
  // Nothing waits for work that was cancelled, so its failure is not reported.
  work.catch(() => {});
  if (signal.aborted) throw aborted(signal);
  let abort = () => {};
  const cancelled = new Promise<never>((_, reject) => {
    abort = () => reject(aborted(signal));
  });
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * A controller that is aborted as soon as one of these signals is, with its reason; and what ends the listening.
 *
 * `AbortSignal.any` would do in its place if all browsers had it, and if Node did not keep what it makes of a signal that
 * stays.
 */
export function following(signals: readonly (AbortSignal | undefined)[]): {
  any: AbortController;
  unfollow: () => void;
} {
  const any = new AbortController();
  const unlisten = signals.map((signal) => {
    const abort = () => any.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    return () => signal?.removeEventListener("abort", abort);
  });
  const unfollow = () => {
    for (const each of unlisten) each();
  };
  return { any, unfollow };
}

/** Does `work` with a signal that is aborted as soon as one of these is; fails at once then. */
export async function unlessAnyAborted<T>(
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { any, unfollow } = following(signals);
  try {
    if (any.signal.aborted) throw aborted(any.signal);
    return await unlessAborted(work(any.signal), any.signal);
  } finally {
    unfollow();
  }
}

/** The error of every call to a classifier that was disposed of. */
export function disposed(): ResNetError {
  return new ResNetError("aborted", "The classifier was disposed of.");
}
