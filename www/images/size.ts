/** A size in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A part of an image. */
export interface Tile extends Size {
  left: number;
  top: number;
}

/** Images with more pixels are not decoded: four bytes for each make a gigabyte. Browsers stop at 2^28 or 2^29. */
export const MOST_DECODED = 1 << 28;

/** Photos with more pixels are drawn smaller first: a canvas of theirs may not fit in memory. */
const MOST_PIXELS = 1 << 24;
/** But not smaller than this, which is twice what the networks look at. */
const SHORTEST_SIDE = 512;
/** What is still larger, because it is that long, is not read: its pixels take 256 MiB here, and as much in wasm. */
export const MOST_READ = 1 << 26;

/** A canvas with longer sides is blank in Safari; Firefox allows 32767, Chromium 65535. */
export const LONGEST_SIDE = 1 << 14;

/** The size at which a photo is drawn: its own, unless that is huge. Undefined if no size would do. */
export function drawnSize(width: number, height: number): Size | undefined {
  const fits = Math.sqrt(MOST_PIXELS / (width * height));
  const keeps = SHORTEST_SIDE / Math.min(width, height);
  const scale = Math.min(1, Math.max(fits, keeps));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const size = { width: side(width), height: side(height) };
  return size.width * size.height <= MOST_READ ? size : undefined;
}

/** The parts of an image that fit on a canvas, row by row: one for any ordinary photo. */
export function* tilesOf({ width, height }: Size): Generator<Tile> {
  for (let top = 0; top < height; top += LONGEST_SIDE) {
    for (let left = 0; left < width; left += LONGEST_SIDE) {
      yield {
        left,
        top,
        width: Math.min(LONGEST_SIDE, width - left),
        height: Math.min(LONGEST_SIDE, height - top),
      };
    }
  }
}
