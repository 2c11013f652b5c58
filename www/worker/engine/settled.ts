import { type ErrorRecord, toResNetError } from "../../protocol/errors";
import { crashes } from "../wasm/crashes";

/** What became of a call, as plain data: errors lose their properties on the way out of a worker. */
export type Settled<T> = { ok: true; value: T } | { ok: false; error: ErrorRecord };

/** Runs `work` and returns its outcome as data. Never settles if the wasm code has died: the page is notified of that. */
export async function settle<T>(work: () => Promise<T>): Promise<Settled<T>> {
  let settled: Settled<T>;
  try {
    settled = { ok: true, value: await work() };
  } catch (thrown) {
    const { code, message } = toResNetError(thrown);
    settled = { ok: false, error: { code, message } };
  }
  return crashes.isDead ? new Promise(() => {}) : settled;
}
