import { expect, it } from "vitest";
import { inferno, viridis } from "./colours";

it.each([
  [viridis, 0, [68, 1, 84]],
  [viridis, 1, [253, 231, 37]],
  [viridis, -1, [68, 1, 84]],
  [viridis, 2, [253, 231, 37]],
  [viridis, 0.5 / 9, [70, 21, 102]],
  [inferno, 0, [0, 0, 4]],
  [inferno, 1, [252, 255, 164]],
] as const)("%o of %f is %o", (map, value, colour) => {
  expect(map(value)).toEqual(colour);
});
