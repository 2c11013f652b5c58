import { type ErrorRecord, toResNetError } from "../lib/errors";

/** What became of a call, as plain data: errors lose their properties on the way out of a worker. */
export type Settled<T> = { ok: true; value: T } | { ok: false; error: ErrorRecord };

/** Runs `work` and tells what became of it. */
export async function settle<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    const { code, message } = toResNetError(thrown);
    return { ok: false, error: { code, message } };
  }
}
