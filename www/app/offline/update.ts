import { ARE_YOU_UP, TAKEN_OVER } from "../../service-worker/protocol";
import { isPartial } from "./partial";
import { send } from "./registration";

/** How often a page that lacks code looks for a version that has it, in milliseconds. */
const ASK_AGAIN = 10_000;

/**
 * Watches for a new version that waits for this one to go.
 *
 * @param notify is told of it, and of null when it is there no more
 * @param until when to stop
 */
export function watchForUpdate(
  registration: ServiceWorkerRegistration,
  notify: (waiting: ServiceWorker | null) => void,
  until: AbortSignal,
): void {
  // The very first version waits for no other.
  const look = () => notify(registration.active ? registration.waiting : null);
  const follow = (worker: ServiceWorker | null) => {
    worker?.addEventListener("statechange", look, { signal: until });
  };
  follow(registration.installing);
  follow(registration.waiting);
  registration.addEventListener("updatefound", () => follow(registration.installing), {
    signal: until,
  });
  look();
  if (!isPartial) return;
  // The next version comes in minutes, and not only to the next visit.
  const asking = setInterval(() => void registration.update().catch(() => {}), ASK_AGAIN);
  until.addEventListener("abort", () => clearInterval(asking));
}

/** Reloads the page when a new version has taken over because the person asked for it, in any tab. */
export function reloadWhenTakenOver(until: AbortSignal): void {
  navigator.serviceWorker?.addEventListener(
    "message",
    ({ data }) => {
      if (data === TAKEN_OVER) location.reload();
    },
    { signal: until },
  );
}

/** Says to a new version that asks that the page is up. A page whose script fails at the start never does. */
export function sayWhetherUp(until: AbortSignal): void {
  navigator.serviceWorker?.addEventListener(
    "message",
    ({ data, source }) => {
      if (data === ARE_YOU_UP && source instanceof ServiceWorker) send(source, "up");
    },
    { signal: until },
  );
}
