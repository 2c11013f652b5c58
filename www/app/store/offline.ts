import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { keep, look, register, remove, replace, send } from "../offline/registration";
import { reloadWhenTakenOver, sayWhetherUp, watchForUpdate } from "../offline/update";

/** How often it is tried to start the service worker: a busy machine may take too long for it. */
const TRIES = 3;

/** Visits without a network, and new versions of the page. */
export type OfflineStore = ReturnType<typeof createOffline>;

/**
 * Has a service worker keep the page for visits without a network (docs/offline.md).
 *
 * @param off removes it instead, as the address asks
 * @param settled whether the page has loaded its model, or failed to: that comes first
 */
export function createOffline(off: boolean, settled: ReadonlySignal<boolean>) {
  const kept = signal<boolean | null>(null);
  const waiting = signal<ServiceWorker | null>(null);
  const postponed = signal<ServiceWorker | null>(null);
  const forGood = new AbortController().signal;

  async function begin(): Promise<void> {
    if (!(await look()).possible) return;
    const { registration, active } = await register();
    const notify = (worker: ServiceWorker | null) => {
      waiting.value = worker;
    };
    watchForUpdate(registration, notify, forGood);
    kept.value = await keep(active);
  }

  async function beginInTime(): Promise<void> {
    for (let tries = 1; tries <= TRIES; tries++) {
      try {
        return await begin();
      } catch (thrown) {
        // Without it the page works, too, with a network.
        console.warn(thrown);
      }
    }
  }

  async function replaceUseless(worker: ServiceWorker): Promise<void> {
    kept.value = await keep(await replace(worker));
  }

  return {
    /** Whether all of the page's files are kept; null while that is not known, and where nothing is kept at all. */
    kept,
    /** Whether there is a new version that the person has not put off. */
    offered: computed(
      () => waiting.value !== null && waiting.value !== postponed.value && kept.value !== false,
    ),

    /** Begins, once the page is on the screen: a page whose script fails before that gives way to the next version. */
    begin() {
      reloadWhenTakenOver(forGood);
      sayWhetherUp(forGood);
      if (off) {
        // If it cannot be removed, there is none, or the browser's settings forbid it.
        void remove().catch(() => {});
        return;
      }
      let begun = false;
      effect(() => {
        if (!settled.value || begun) return;
        begun = true;
        void beginInTime();
      });
      // A version that cannot keep its page came from the network, and so will the next one: there is nothing to ask.
      effect(() => {
        if (kept.value === false && waiting.value) replaceUseless(waiting.value).catch(() => {});
      });
    },

    /** Reloads the page with the new version, in all its tabs. */
    update() {
      const worker = waiting.peek();
      if (worker) send(worker, "take-over");
    },

    /** Puts the new version off. */
    later() {
      postponed.value = waiting.peek();
    },
  };
}
