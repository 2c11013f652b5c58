import { useStore } from "../store/context";
import { strings } from "../strings";

const text = strings.isolation;

/**
 * Turns the service worker that isolates the page on, where that is of use, and off again.
 *
 * @param isMissed whether there would be threads if the page were isolated
 */
export function IsolationControl({ isMissed }: { isMissed: boolean }) {
  const { state, turnOn, turnOff } = useStore().isolation;
  const { offer, busy } = state.value;
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
