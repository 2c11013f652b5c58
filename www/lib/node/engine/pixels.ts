import { imageFormat, orientation, statedSize } from "../../../images/encoded";
import { MOST_READ, type Size } from "../../../images/size";
import { ResNetError } from "../../../protocol/errors";
import type { Pixels, readPixels as readInBrowser } from "../../../worker/pixels/read";
import type { SentImage } from "../image-input";
import { decode } from "./decoders";
import { turned } from "./turned";

/** Takes the place of `www/worker/pixels/read.ts` in Node: pixels as they are, or those of a file, turned as its EXIF data says. */
export async function readPixels(
  image: Parameters<typeof readInBrowser>[0] | SentImage,
  name: string,
): Promise<Pixels> {
  const sent = image as SentImage;
  if ("pixels" in sent) return sent.pixels;
  const { file } = sent;
  const format = imageFormat(file);
  if (!format) throw notReadable(name, file.length === 0 ? "is empty" : "is of another format");
  const stated = statedSize(file);
  if (stated) checkSize(name, stated);
  let pixels: Pixels;
  try {
    pixels = await decode(format, file);
  } catch (cause) {
    throw notReadable(name, "is damaged", cause);
  }
  checkSize(name, pixels);
  return turned(pixels, orientation(file));
}

function checkSize(name: string, { width, height }: Size): void {
  if (width * height <= MOST_READ) return;
  throw new ResNetError(
    "image-size",
    `"${name}" is too large, ${width} x ${height} pixels. Choose a smaller image, or a smaller copy of this one.`,
  );
}

function notReadable(name: string, why: string, cause?: unknown): ResNetError {
  return new ResNetError(
    "image-decode",
    `"${name}" ${why}: it cannot be decoded. Choose a JPEG, PNG or WebP file, or pass decoded pixels: { data, width, height }.`,
    { cause },
  );
}
