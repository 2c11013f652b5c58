import type { Settled } from "../../protocol/messages";
import { outcomeOf } from "../outcome";
import { crashes } from "../wasm/crashes";

/** Runs `work` and returns its outcome as data. Never settles if the wasm code has died: the page is notified of that. */
export async function settle<T>(work: () => Promise<T>): Promise<Settled<T>> {
  const outcome = await outcomeOf(work);
  return crashes.isDead ? new Promise(() => {}) : outcome;
}
