import type { Global } from "../../images/global";

/** What the page draws. */
export type DrawableElement =
  | Global<"HTMLImageElement">
  | Global<"HTMLVideoElement">
  | Global<"HTMLCanvasElement">;

/**
 * What can be classified.
 *
 * - A `File` or any other `Blob` with an encoded image. It is decoded in the worker, turned as its EXIF data says, and drawn
 *   on white where it is transparent. This is the way with the least to do for the page.
 * - An `<img>`, `<video>`, `<canvas>`, `OffscreenCanvas`, `ImageBitmap` or `VideoFrame`, as it looks at the time of the call.
 *   It remains the caller's, who closes what has to be closed.
 * - `ImageData`: RGBA pixels. Those of any other array: `new ImageData(new Uint8ClampedArray(rgba), width, height)`.
 * - The address of an encoded image, as a string or `URL`, relative to the page. It is fetched as `fetch` does it, once for
 *   each call: the browser's cache applies, another origin has to allow it, and the signal stops it.
 */
export type ImageInput =
  | Blob
  | ImageBitmap
  | ImageData
  | OffscreenCanvas
  | Global<"VideoFrame">
  | DrawableElement
  | string
  | URL;
