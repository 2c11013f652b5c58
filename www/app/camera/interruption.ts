/** A camera whose picture has not changed for so many milliseconds is taken for interrupted. */
export const STALLED_AFTER = 2000;

/** What is watched of a camera's track. */
type Track = Pick<MediaStreamTrack, "muted" | "addEventListener" | "removeEventListener">;

/**
 * Tells when a camera's picture is interrupted, and when it goes on: the system mutes the track for a call or another
 * program, or no frame comes, as of a camera that hangs.
 *
 * @param onFrames tells of frames: calls what it is given for each, and returns what ends it
 * @returns what ends the watch
 */
export function watchInterruption(
  track: Track,
  onFrames: (onFrame: () => void) => () => void,
  onChange: (isInterrupted: boolean) => void,
): () => void {
  let isStalled = false;
  let told = false;
  let due: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    const isInterrupted = track.muted || isStalled;
    if (isInterrupted === told) return;
    told = isInterrupted;
    onChange(isInterrupted);
  };
  const comesOn = () => {
    clearTimeout(due);
    due = setTimeout(() => {
      isStalled = true;
      tell();
    }, STALLED_AFTER);
    isStalled = false;
    tell();
  };
  track.addEventListener("mute", tell);
  track.addEventListener("unmute", comesOn);
  const unwatch = onFrames(comesOn);
  // Until the first frame is there the camera is only slow to start, unless the track says otherwise.
  tell();
  return () => {
    clearTimeout(due);
    unwatch();
    track.removeEventListener("mute", tell);
    track.removeEventListener("unmute", comesOn);
  };
}
