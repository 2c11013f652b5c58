import { expect, it } from "vitest";
import type { LayerRow, SeenLayer } from "../../lib";
import { millisecondsOf, placeOf } from "./places";

/** A basic block of torchvision's, whose one ReLU is used twice, and the linear layer. */
const ROWS = [
  ["layer1.0", "BasicBlock", 0, true],
  ["layer1.0.conv1", "Conv2d", 1, false],
  ["layer1.0.bn1", "BatchNorm2d", 1, false],
  ["layer1.0.relu", "ReLU", 1, false],
  ["layer1.0.conv2", "Conv2d", 1, false],
  ["layer1.0.bn2", "BatchNorm2d", 1, false],
  ["layer1.0.relu", "ReLU", 1, false],
  ["fc", "Linear", 0, false],
  ["softmax", "Softmax", 0, false],
].map(([name, kind, depth, container]) => ({ name, kind, depth, container }) as LayerRow);

const SEEN = [
  "layer1.0.bn1",
  "layer1.0.relu",
  "layer1.0.bn2",
  "layer1.0.relu",
  "layer1.0",
  "fc",
].map((name, i) => ({ name, milliseconds: 2 ** i }) as SeenLayer);

it.each([
  { row: 0, place: 4, milliseconds: 1 + 2 + 4 + 8 + 16 },
  { row: 1, place: 0, milliseconds: 1 },
  { row: 2, place: 0, milliseconds: 1 },
  { row: 3, place: 1, milliseconds: 2 },
  { row: 4, place: 2, milliseconds: 4 },
  { row: 6, place: 3, milliseconds: 8 },
  { row: 7, place: 5, milliseconds: 32 },
  { row: 8, place: undefined, milliseconds: 0 },
  { row: 9, place: undefined, milliseconds: 0 },
])("row $row was seen at $place and took $milliseconds ms", ({ row, place, milliseconds }) => {
  expect(placeOf(ROWS, row, SEEN)).toBe(place);
  expect(millisecondsOf(ROWS, row, SEEN)).toBe(milliseconds);
});
