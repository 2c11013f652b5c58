import type { Isolation } from "../store/isolation";
import { strings } from "../strings";

const text = strings.isolation;

interface IsolationControlProps extends Isolation {
  /** Threads would be there if the page were isolated. */
  isMissed: boolean;
}

/** Turns the service worker that isolates the page on, where that is of use, and off again. */
export function IsolationControl(props: IsolationControlProps) {
  const { offer, busy, isMissed, turnOn, turnOff } = props;
  if (offer === null || (offer === "turn-on" && !isMissed)) return null;
  const [label, hint, press] =
    offer === "turn-on"
      ? [text.turnOn, text.turnOnHint, turnOn]
      : [text.turnOff, text.turnOffHint, turnOff];
  return (
    <div class="isolation">
      <button type="button" disabled={busy} aria-describedby="isolation-hint" onClick={press}>
        {label}
      </button>
      <p class="fine" id="isolation-hint">
        {hint}
      </p>
    </div>
  );
}
