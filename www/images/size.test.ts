import { describe, expect, it } from "vitest";
import { drawnSize, LONGEST_SIDE, tilesOf } from "./size";

describe("the size at which an image is drawn", () => {
  it.each([
    ["a photo stays as it is", [4000, 3000], [4000, 3000]],
    ["one pixel, too", [1, 1], [1, 1]],
    ["a huge one is drawn smaller", [12000, 9000], [4730, 3547]],
    ["a long one keeps its short side", [60000, 600], [51200, 512]],
    ["a thin one stays", [100000, 300], [100000, 300]],
    ["a line stays", [70000, 1], [70000, 1]],
    ["a line that takes too much memory has none", [80_000_000, 1], undefined],
    ["a strip that does even when drawn smaller has none", [200_000, 1000], [102_400, 512]],
    ["a strip that is too long has none", [1000, 300_000], undefined],
  ])("%s", (_, [width, height], drawn) => {
    const size = drawnSize(width as number, height as number);
    expect(size && [size.width, size.height]).toEqual(drawn);
  });
});

describe("the tiles of an image", () => {
  const S = LONGEST_SIDE;
  it.each([
    ["one pixel is one tile", [1, 1], [[0, 0, 1, 1]]],
    ["a photo is one tile", [4730, 3547], [[0, 0, 4730, 3547]]],
    ["the longest side that fits is one tile", [S, 1], [[0, 0, S, 1]]],
    [
      "a longer line has a tile for the rest",
      [1, S + 1],
      [
        [0, 0, 1, S],
        [0, S, 1, 1],
      ],
    ],
    [
      "a long strip is cut across",
      [2 * S + 5, 300],
      [
        [0, 0, S, 300],
        [S, 0, S, 300],
        [2 * S, 0, 5, 300],
      ],
    ],
  ])("%s", (_, [width, height], expected) => {
    const size = { width: width as number, height: height as number };
    const tiles = [...tilesOf(size)].map(({ left, top, width, height }) => [
      left,
      top,
      width,
      height,
    ]);
    expect(tiles).toEqual(expected);
  });
});
