import { aborted } from "../../protocol/errors";

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
