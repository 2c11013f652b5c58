import { type ErrorRecord, toResNetError } from "../lib/errors";
import { crashes } from "./crashes";

/** What became of a call, as plain data: errors lose their properties on the way out of a worker. */
export type Settled<T> = { ok: true; value: T } | { ok: false; error: ErrorRecord };

/** Runs `work` and tells what became of it: nothing any more where the wasm code has died, which the page hears by itself. */
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
