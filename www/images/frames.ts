import type { Global } from "./global";

/**
 * Reports each frame that a video shows: when it was captured, where the browser knows, else when it was shown; in
 * milliseconds, as `performance.now()`. Returns what ends it.
 */
export function watchFrames(
  video: Global<"HTMLVideoElement">,
  onFrame: (capturedAt: number) => void,
): () => void {
  // Browsers of 2024 and earlier may lack it, whatever its type says.
  if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
    const next: VideoFrameRequestCallback = (_, { captureTime, presentationTime }) => {
      handle = video.requestVideoFrameCallback(next);
      onFrame(captureTime ?? presentationTime);
    };
    let handle = video.requestVideoFrameCallback(next);
    return () => video.cancelVideoFrameCallback(handle);
  }
  let before = 0;
  const next = (now: number) => {
    handle = requestAnimationFrame(next);
    // Where frames are not even counted, each time the page is drawn may show another one.
    const count = video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    if (count > 0 && count === before) return;
    before = count;
    onFrame(now);
  };
  let handle = requestAnimationFrame(next);
  return () => cancelAnimationFrame(handle);
}
