import { useCallback, useEffect, useState } from "preact/hooks";
import { keep, look, register, remove, replace, tell } from "../offline/registration";
import { reloadWhenTakenOver, sayWhetherUp, watchForUpdate } from "../offline/update";

/** Where the page stands with visits without a network. */
export interface Offline {
  /** Whether its files are kept, all of them; null while that is not known, and where nothing is kept at all. */
  kept: boolean | null;
  /** Whether there is a new version that the person has not put off. */
  offered: boolean;
  /** Loads the page anew with the new version, in all its tabs. */
  update: () => void;
  /** Puts the new version off. */
  later: () => void;
}

/**
 * Has a service worker keep the page for visits without a network (docs/offline.md).
 *
 * @param off removes it instead, as the address asks
 * @param settled whether the page has all it needs itself, or will not get it: that comes first
 */
export function useOffline(off: boolean, settled: boolean): Offline {
  const [kept, setKept] = useState<boolean | null>(null);
  const [waiting, setWaiting] = useState<ServiceWorker | null>(null);
  const [postponed, setPostponed] = useState<ServiceWorker | null>(null);

  useEffect(() => {
    const end = new AbortController();
    reloadWhenTakenOver(end.signal);
    // After the first render, as everything here.
    sayWhetherUp(end.signal);
    return () => end.abort();
  }, []);

  useEffect(() => {
    // Whoever cannot remove it has none, or the browser's settings for it.
    if (off) void remove().catch(() => {});
  }, [off]);

  useEffect(() => {
    if (off || !settled) return;
    const end = new AbortController();
    const begin = async () => {
      if (!(await look()).possible) return;
      const { registration, active } = await register();
      watchForUpdate(registration, setWaiting, end.signal);
      setKept(await keep(active));
    };
    // The page works all the same, with a network.
    begin().catch(() => {});
    return () => end.abort();
  }, [off, settled]);

  // A version that cannot keep its page has come from the network, and so will the next one: there is nothing to ask about.
  const isUseless = kept === false;
  useEffect(() => {
    if (!isUseless || !waiting) return;
    const begin = async () => setKept(await keep(await replace(waiting)));
    begin().catch(() => {});
  }, [isUseless, waiting]);

  const update = useCallback(() => {
    if (waiting) tell(waiting, "take-over");
  }, [waiting]);
  const later = useCallback(() => setPostponed(waiting), [waiting]);
  const offered = waiting !== null && waiting !== postponed && !isUseless;
  return { kept, offered, update, later };
}
