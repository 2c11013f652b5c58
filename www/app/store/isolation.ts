import { signal } from "@preact/signals";
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
interface IsolationState {
  /** What the person can do about it. */
  offer: Offer;
  /** Whether that is under way. */
  busy: boolean;
  /** Why the page is not isolated, after it was tried. */
  fault: string | null;
}

/** Isolation by the page's service worker. */
export type IsolationStore = ReturnType<typeof createIsolation>;

/** Has the service worker isolate the page where the server does not and the person or the site's owner asks for it (docs/isolation.md). */
export function createIsolation({ isolationOff, offlineOff }: Forbidden) {
  const state = signal<IsolationState>({ offer: null, busy: false, fault: null });
  const change = (part: Partial<IsolationState>) => {
    state.value = { ...state.peek(), ...part };
  };

  async function giveUp(fault: string): Promise<void> {
    rememberAttempt("failed");
    // It does no harm to a page that works without it.
    await stopIsolating().catch(() => {});
    change({ offer: null, busy: false, fault });
  }

  async function start(mayReload: () => boolean): Promise<void> {
    try {
      await startIsolating();
      if (!mayReload()) return change({ offer: "turn-on", busy: false, fault: null });
      // What is not remembered might be tried again and again.
      if (!rememberAttempt("made")) throw new Error(text.noStorage);
      reload();
    } catch (thrown) {
      await giveUp(text.failed((thrown as Error).message));
    }
  }

  async function begin(): Promise<void> {
    const untouched = whileUntouched();
    const { step, offer } = decide(await arrive({ isolationOff, offlineOff }));
    change({ offer });
    if (step === "turn-off") await stopIsolating().catch(() => {});
    if (step === "give-up") await giveUp(text.ineffective);
    // A person who has begun to do something keeps what is there: the next visit is isolated.
    if (step === "turn-on") await start(untouched);
  }
  void begin();

  return {
    state,
    turnOn() {
      change({ busy: true });
      rememberRefusal(false);
      void start(() => true);
    },
    async turnOff() {
      change({ busy: true });
      rememberRefusal(true);
      try {
        await stopIsolating();
        location.reload();
      } catch (thrown) {
        const fault = text.stays((thrown as Error).message);
        change({ offer: "turn-off", busy: false, fault });
      }
    },
    dismissFault: () => change({ fault: null }),
  };
}

/** Returns a function that says whether the person has done nothing on the page since the call. */
function whileUntouched(): () => boolean {
  const touch = new AbortController();
  for (const type of ["pointerdown", "keydown", "drop", "paste"]) {
    addEventListener(type, () => touch.abort(), { capture: true, signal: touch.signal });
  }
  return () => !touch.signal.aborted;
}
