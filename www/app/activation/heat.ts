import type { ImageClassification, Preprocessing } from "resnet-web";
import { inferno } from "../inspect/colours";

/** The part of an image that the network sees, in the image's pixels. */
export interface Region {
  x: number;
  y: number;
  side: number;
}

/** The square in the middle that is left after resizing and cropping, as torchvision does them. */
export function seenRegion(
  { width, height }: Pick<ImageClassification, "width" | "height">,
  { resizeShortSide, crop }: Pick<Preprocessing, "resizeShortSide" | "crop">,
): Region {
  const side = (Math.min(width, height) * crop) / resizeShortSide;
  return { x: (width - side) / 2, y: (height - side) / 2, side };
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
