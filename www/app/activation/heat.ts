import type { ImageClassification, Preprocessing } from "resnet-web";
import { inferno } from "../inspect/colours";

/** The part of an image that the network sees, in the image's pixels. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What is left in the middle after resizing and cropping: a square, unless the image is stretched. */
export function seenRegion(
  image: Pick<ImageClassification, "width" | "height">,
  { resizeShortSide, crop, fit }: Pick<Preprocessing, "resizeShortSide" | "crop" | "fit">,
): Region {
  const part = crop / resizeShortSide;
  const short = Math.min(image.width, image.height);
  const width = part * (fit === "stretch" ? image.width : short);
  const height = part * (fit === "stretch" ? image.height : short);
  return { x: (image.width - width) / 2, y: (image.height - height) / 2, width, height };
}

/** A class activation map as pixels, red, green, blue and opacity: what speaks for the class is opaque, the rest clear. */
export function heatPixels(evidence: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const largest = evidence.reduce((max, value) => Math.max(max, value), 0);
  const pixels = new Uint8ClampedArray(4 * evidence.length);
  evidence.forEach((value, i) => {
    const part = largest > 0 ? Math.max(value, 0) / largest : 0;
    pixels.set([...inferno(0.25 + 0.75 * part), Math.round(255 * part)], 4 * i);
  });
  return pixels;
}
