/** A camera whose video has not changed for so many milliseconds is taken for interrupted. */
export const STALLED_AFTER = 2000;

/** What is watched of a camera's track. */
type Track = Pick<MediaStreamTrack, "muted" | "addEventListener" | "removeEventListener">;

/**
 * Watches whether a camera's video is interrupted: the system mutes the track for a call or another program, or no frame
 * comes, as from a camera that hangs.
 *
 * @param onFrames calls its argument for each frame, and returns a function that ends this
 * @param onChange is called when the video is interrupted, and when it goes on
 * @returns a function that ends the watch
 */
export function watchInterruption(
  track: Track,
  onFrames: (onFrame: () => void) => () => void,
  onChange: (isInterrupted: boolean) => void,
): () => void {
  let isStalled = false;
  let wasInterrupted = false;
  let due: ReturnType<typeof setTimeout> | undefined;
  const update = () => {
    const isInterrupted = track.muted || isStalled;
    if (isInterrupted === wasInterrupted) return;
    wasInterrupted = isInterrupted;
    onChange(isInterrupted);
  };
  const comesOn = () => {
    clearTimeout(due);
    due = setTimeout(() => {
      isStalled = true;
      update();
    }, STALLED_AFTER);
    isStalled = false;
    update();
  };
  track.addEventListener("mute", update);
  track.addEventListener("unmute", comesOn);
  const unwatch = onFrames(comesOn);
  // Until the first frame is there the camera is only slow to start, unless the track says otherwise.
  update();
  return () => {
    clearTimeout(due);
    unwatch();
    track.removeEventListener("mute", update);
    track.removeEventListener("unmute", comesOn);
  };
}
