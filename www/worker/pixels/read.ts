import { statedSize } from "../../images/encoded";
import { contextOf, honestReadBack, type ReadBack } from "../../images/readback";
import { drawnSize, MOST_DECODED, type Size, type Tile, tilesOf } from "../../images/size";
import { ResNetError } from "../../protocol/errors";

/** Decoded pixels: 8 bits each of red, green, blue and alpha, row by row. */
export interface Pixels extends Size {
  data: Uint8Array;
}

/** Not every browser decodes a longer side, in pixels. */
const MOST_SIDE = 0xffff;

/** What is read of an opaque pixel at least, in spite of protections that change it by a few levels. */
const OPAQUE = 128;

/** How much of a file is read to learn its image's size before it is decoded. */
const HEAD = 1 << 18;

/** Decodes a photo, turned the way its EXIF data says. `name` is for the error's text. */
export async function readPixels(image: Blob | ImageBitmap, name: string): Promise<Pixels> {
  const bitmap = image instanceof ImageBitmap ? image : await decode(image, name);
  try {
    const size = drawnSize(bitmap.width, bitmap.height);
    if (!size) throw tooLarge(name, bitmap);
    const readBack = await honestReadBack();
    if (!readBack) throw withheld();
    return { data: await drawnPixels(bitmap, size, readBack, name), ...size };
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
  let stated: Size | undefined;
  try {
    stated = statedSize(new Uint8Array(await image.slice(0, HEAD).arrayBuffer()));
    if (stated && stated.width * stated.height > MOST_DECODED) throw tooLarge(name, stated);
    return await createImageBitmap(image);
  } catch (cause) {
    if (cause instanceof ResNetError) throw cause;
    // Firefox decodes none that is longer.
    if (stated && Math.max(stated.width, stated.height) > MOST_SIDE) throw tooLarge(name, stated);
    throw new ResNetError(
      "image-decode",
      `"${name}" is not an image this browser can read. Choose a photo (JPEG, PNG, WebP, AVIF or GIF).`,
      { cause },
    );
  }
}

/** The pixels of a bitmap drawn at this size, part by part where it is larger than any canvas. */
async function drawnPixels(
  bitmap: ImageBitmap,
  size: Size,
  readBack: ReadBack,
  name: string,
): Promise<Uint8Array> {
  const [only, ...more] = tilesOf(size);
  if (only && more.length === 0) {
    return new Uint8Array((await drawnTile(bitmap, size, only, readBack, name)).buffer);
  }
  const data = new Uint8Array(4 * size.width * size.height);
  for (const tile of tilesOf(size)) {
    const pixels = await drawnTile(bitmap, size, tile, readBack, name);
    const row = 4 * tile.width;
    for (let y = 0; y < tile.height; y += 1) {
      const to = 4 * ((tile.top + y) * size.width + tile.left);
      data.set(pixels.subarray(y * row, (y + 1) * row), to);
    }
  }
  return data;
}

async function drawnTile(
  bitmap: ImageBitmap,
  size: Size,
  { left, top, width, height }: Tile,
  readBack: ReadBack,
  name: string,
): Promise<Uint8ClampedArray> {
  const outOfMemory = () =>
    new ResNetError(
      "image-size",
      `"${name}" could not be drawn: the browser is out of memory. Close other tabs, or choose a smaller image.`,
    );
  try {
    const canvas = new OffscreenCanvas(width, height);
    const context = contextOf(canvas);
    // A canvas that the browser has no memory for swallows whatever is drawn, and reads as blank.
    const corner = { x: width - 1, y: height - 1, width: 1, height: 1 };
    context.fillRect(corner.x, corner.y, 1, 1);
    const [, , , alpha = 0] = await readBack(canvas, corner);
    if (alpha < OPAQUE) throw outOfMemory();
    context.clearRect(corner.x, corner.y, 1, 1);
    context.imageSmoothingQuality = "high";
    // The whole image, moved so that this part of it lies on the canvas: parts drawn by themselves would have seams.
    context.drawImage(bitmap, -left, -top, size.width, size.height);
    return await readBack(canvas, { x: 0, y: 0, width, height });
  } catch {
    throw outOfMemory();
  }
}

function tooLarge(name: string, { width, height }: Size): ResNetError {
  return new ResNetError(
    "image-size",
    `"${name}" is too large, ${width} x ${height} pixels. Choose a smaller image, or a smaller copy of this one.`,
  );
}

function withheld(): ResNetError {
  return new ResNetError(
    "image-withheld",
    "This browser gives pages noise instead of an image's pixels, as a protection against fingerprinting. " +
      "Allow this page to read canvas data (in Firefox and Tor Browser by the picture icon in the address bar, " +
      "for a canvas blocker in its settings), then choose the photo again.",
  );
}
