import { expect, it } from "vitest";
import { drawnSize } from "./pixels";

it.each([
  ["a photo stays as it is", [4000, 3000], [4000, 3000]],
  ["one pixel, too", [1, 1], [1, 1]],
  ["a huge one is drawn smaller", [12000, 9000], [4730, 3547]],
  ["a long one keeps its short side", [60000, 600], [51200, 512]],
  ["a thin one stays", [100000, 300], [100000, 300]],
])("%s", (_, [width, height], drawn) => {
  const size = drawnSize(width as number, height as number);
  expect([size.width, size.height]).toEqual(drawn);
});
