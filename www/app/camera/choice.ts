import { note, noted } from "../storage";

const KEY = "resnet-web:camera";

/** Where a phone's or tablet's camera looks: at the person, or away. */
export type Side = "user" | "environment";

/** Which camera is wanted: a certain one, or any that looks that way. */
export type CameraChoice = { deviceId: string } | { side: Side };

/** What is wanted before anybody chooses: what the camera sees away from the person. */
const ANY: CameraChoice = { side: "environment" };

/** Enough for any network here, and for a photo on the page. */
const WIDTH = 1280;

/** The camera chosen last in this browser, else any. */
export function firstChoice(): CameraChoice {
  const deviceId = noted("localStorage", KEY);
  return deviceId ? { deviceId } : ANY;
}

/** Remembers a camera for the next visit, where the browser lets the page. */
export function rememberCamera(deviceId: string): void {
  note("localStorage", KEY, deviceId);
}

/** What to ask the browser for. A side is a wish: a computer's camera looks nowhere in particular. */
export function constraintsOf(choice: CameraChoice): MediaTrackConstraints {
  const which =
    "deviceId" in choice
      ? { deviceId: { exact: choice.deviceId } }
      : { facingMode: { ideal: choice.side } };
  return { ...which, width: { ideal: WIDTH } };
}

/** What to ask for where `choice` could not be had because of `thrown`; null if nothing else is worth a try. */
export function fallback(choice: CameraChoice, thrown: unknown): CameraChoice | null {
  const isGone = (thrown as Error | null)?.name === "OverconstrainedError";
  return isGone && "deviceId" in choice ? ANY : null;
}

/** Whether the video is shown as in a mirror: of cameras that look at the person, as those that do not say do. */
export function isMirrored(facingMode: string | undefined): boolean {
  return !facingMode || facingMode === "user";
}

/** The side that can be switched to; null where sides are not told, or there is no other camera. */
export function otherSide(facingMode: string | undefined, cameras: number): Side | null {
  if (cameras < 2) return null;
  if (facingMode === "user") return "environment";
  return facingMode === "environment" ? "user" : null;
}
