import { strings } from "../strings";

const text = strings.camera.errors;

/** Where the page is shown, as far as that decides whether it may use the camera. */
export interface Surroundings {
  /** Whether another page shows this one in a frame. */
  embedded: boolean;
  /** Whether the policies of the server and of the pages around allow the camera; null where the browser does not say. */
  allowed: boolean | null;
}

/** Chromium's draft of the Permissions Policy's JavaScript interface; other browsers have none. */
interface PolicyDocument {
  featurePolicy?: { allowsFeature(feature: "camera"): boolean };
}

/** Where this page is shown. */
function surroundings(): Surroundings {
  return {
    embedded: window.top !== window,
    allowed: (document as PolicyDocument).featurePolicy?.allowsFeature("camera") ?? null,
  };
}

/** What the page says of an error of `getUserMedia`. */
export function cameraFault(thrown: unknown, around: () => Surroundings = surroundings): string {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  switch (name) {
    case "NotAllowedError":
      return refusal(around());
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

/** A person, a policy of the server and the page around refuse the camera in the same words. */
function refusal({ embedded, allowed }: Surroundings): string {
  if (allowed) return text.denied;
  if (embedded) return allowed === null ? text.deniedInFrame : text.embedded;
  return allowed === null ? text.denied : text.policy;
}
