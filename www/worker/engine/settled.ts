import { toResNetError } from "../../protocol/errors";
import type { Settled } from "../../protocol/messages";
import { crashes } from "../wasm/crashes";

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
