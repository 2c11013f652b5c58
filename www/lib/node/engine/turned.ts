import type { Pixels } from "../../../worker/pixels/read";

/** For each of Exif's orientations from 2 on: whether the sides swap, then whether columns and rows are taken from the end. */
const TURNS: [swaps: boolean, fromRight: boolean, fromBottom: boolean][] = [
  [false, true, false],
  [false, true, true],
  [false, false, true],
  [true, false, false],
  [true, false, true],
  [true, true, true],
  [true, true, false],
];

/** An image turned upright: `orientation` is Exif's number, from 1 (as it is) to 8. */
export function turned(image: Pixels, orientation: number): Pixels {
  const turn = TURNS[orientation - 2];
  if (!turn) return image;
  const [swaps, fromRight, fromBottom] = turn;
  const [width, height] = swaps ? [image.height, image.width] : [image.width, image.height];
  const from = new Uint32Array(image.data.slice().buffer);
  const to = new Uint32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [column, row] = swaps ? [y, x] : [x, y];
      const left = fromRight ? image.width - 1 - column : column;
      const top = fromBottom ? image.height - 1 - row : row;
      to[y * width + x] = from[top * image.width + left] ?? 0;
    }
  }
  return { data: new Uint8Array(to.buffer), width, height };
}
