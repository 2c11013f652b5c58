import { useCallback, useEffect, useState } from "preact/hooks";
import {
  arrive,
  type Forbidden,
  reload,
  rememberAttempt,
  rememberRefusal,
  startIsolating,
  stopIsolating,
} from "../isolation/browser";
import { decide, type Offer } from "../isolation/decide";
import { strings } from "../strings";

const text = strings.isolation;

/** Where the page stands with isolation by its service worker. */
export interface Isolation {
  /** What the person may do about it. */
  offer: Offer;
  /** Whether that is under way. */
  busy: boolean;
  /** Why the page is not isolated, after it was tried. */
  fault: string | null;
  turnOn: () => void;
  turnOff: () => void;
  dismissFault: () => void;
}

/** Has the service worker isolate the page where the server does not, and somebody asks for it (docs/isolation.md). */
export function useIsolation(forbidden: Forbidden): Isolation {
  const { isolationOff, offlineOff } = forbidden;
  const [state, setState] = useState<Pick<Isolation, "offer" | "busy" | "fault">>({
    offer: null,
    busy: false,
    fault: null,
  });

  const giveUp = useCallback(async (fault: string) => {
    rememberAttempt("failed");
    // It does no harm to a page that works without it.
    await stopIsolating().catch(() => {});
    setState({ offer: null, busy: false, fault });
  }, []);

  const start = useCallback(
    async (mayReload: () => boolean) => {
      try {
        await startIsolating();
        if (!mayReload()) return setState({ offer: "turn-on", busy: false, fault: null });
        // What is not remembered might be tried again and again.
        if (!rememberAttempt("made")) throw new Error(text.noStorage);
        reload();
      } catch (thrown) {
        await giveUp(text.failed((thrown as Error).message));
      }
    },
    [giveUp],
  );

  useEffect(() => {
    const untouched = whileUntouched();
    const begin = async () => {
      const { step, offer } = decide(await arrive({ isolationOff, offlineOff }));
      setState((before) => ({ ...before, offer }));
      if (step === "turn-off") await stopIsolating().catch(() => {});
      if (step === "give-up") await giveUp(text.ineffective);
      // Whoever has begun to do something keeps what is there: the next visit is isolated.
      if (step === "turn-on") await start(untouched);
    };
    void begin();
  }, [isolationOff, offlineOff, giveUp, start]);

  const turnOn = useCallback(() => {
    setState((before) => ({ ...before, busy: true }));
    rememberRefusal(false);
    void start(() => true);
  }, [start]);

  const turnOff = useCallback(async () => {
    setState((before) => ({ ...before, busy: true }));
    rememberRefusal(true);
    try {
      await stopIsolating();
      location.reload();
    } catch (thrown) {
      setState({ offer: "turn-off", busy: false, fault: text.stays((thrown as Error).message) });
    }
  }, []);

  const dismissFault = useCallback(() => setState((before) => ({ ...before, fault: null })), []);
  return { ...state, turnOn, turnOff, dismissFault };
}

/** Tells whether nobody has done anything on the page since the call. */
function whileUntouched(): () => boolean {
  const touch = new AbortController();
  for (const type of ["pointerdown", "keydown", "drop", "paste"]) {
    addEventListener(type, () => touch.abort(), { capture: true, signal: touch.signal });
  }
  return () => !touch.signal.aborted;
}
