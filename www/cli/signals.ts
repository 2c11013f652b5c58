import { constants } from "node:os";

/** Exits in order when the process is interrupted, which removes weights that were downloaded. Without it Node just ends. */
export function exitWhenInterrupted(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
