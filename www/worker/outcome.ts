import { toResNetError } from "../protocol/errors";
import type { Settled } from "../protocol/messages";

/** Runs `work` and returns its outcome as data, which crosses to the page as it is. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    const { code, message } = toResNetError(thrown);
    return { ok: false, error: { code, message } };
  }
}
