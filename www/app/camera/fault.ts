import { strings } from "../strings";

const text = strings.camera.errors;

/** What to tell a person of an error of `getUserMedia`. */
export function cameraFault(thrown: unknown): string {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  switch (name) {
    case "NotAllowedError":
      return text.denied;
    case "NotFoundError":
      return text.none;
    case "OverconstrainedError":
      return text.unfit;
    case "NotReadableError":
    case "AbortError":
      return text.busy;
    case "SecurityError":
      return text.insecure;
    default:
      return text.other(message || name);
  }
}
