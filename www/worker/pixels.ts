import { ResNetError } from "../lib/errors";

/** Decoded pixels: 8 bits each of red, green, blue and alpha, row by row. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
}

/** Photos with more pixels are drawn smaller first: a canvas of theirs may not fit in memory. */
const MOST_PIXELS = 1 << 24;
/** But not smaller than this, which is twice what the networks look at. */
const SHORTEST_SIDE = 512;

/** The size at which a photo is drawn: its own, unless that is huge. */
export function drawnSize(width: number, height: number): { width: number; height: number } {
  const fits = Math.sqrt(MOST_PIXELS / (width * height));
  const keeps = SHORTEST_SIDE / Math.min(width, height);
  const scale = Math.min(1, Math.max(fits, keeps));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

/** Decodes a photo, turned the way its EXIF data says. `name` is for the error's text. */
export async function readPixels(image: Blob | ImageBitmap, name: string): Promise<Pixels> {
  const bitmap = image instanceof ImageBitmap ? image : await decode(image, name);
  try {
    const { width, height } = drawnSize(bitmap.width, bitmap.height);
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) {
      throw new ResNetError(
        "image-decode",
        `"${name}" could not be drawn: the browser is out of memory.`,
      );
    }
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return { data: new Uint8Array(data.buffer), width, height };
  } finally {
    bitmap.close();
  }
}

async function decode(image: Blob, name: string): Promise<ImageBitmap> {
  if (image.size === 0) {
    throw new ResNetError(
      "image-decode",
      `"${name}" is empty. Choose a photo (JPEG, PNG, WebP, AVIF or GIF).`,
    );
  }
  try {
    return await createImageBitmap(image);
  } catch (cause) {
    throw new ResNetError(
      "image-decode",
      `"${name}" is not a picture this browser can read. Choose a photo (JPEG, PNG, WebP, AVIF or GIF).`,
      { cause },
    );
  }
}
