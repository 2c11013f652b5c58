import type { LayerRow, SeenLayer } from "resnet-web";
import { expect, it } from "vitest";
import { gpuMillisecondsOf, millisecondsOf, placeOf } from "./places";

/** A stage of one basic block of torchvision's, whose one ReLU is used twice, and the linear layer. */
const ROWS = [
  ["layer1", "Sequential", 0, true],
  ["layer1.0", "BasicBlock", 1, true],
  ["layer1.0.conv1", "Conv2d", 2, false],
  ["layer1.0.bn1", "BatchNorm2d", 2, false],
  ["layer1.0.relu", "ReLU", 2, false],
  ["layer1.0.conv2", "Conv2d", 2, false],
  ["layer1.0.bn2", "BatchNorm2d", 2, false],
  ["layer1.0.relu", "ReLU", 2, false],
  ["fc", "Linear", 0, false],
  ["softmax", "Softmax", 0, false],
].map(([name, kind, depth, container]) => ({ name, kind, depth, container }) as LayerRow);

const SEEN = [
  "layer1.0.bn1",
  "layer1.0.relu",
  "layer1.0.bn2",
  "layer1.0.relu",
  "layer1.0",
  "layer1",
  "fc",
].map((name, i) => ({ name, milliseconds: 2 ** i }) as SeenLayer);

const ON_GPU = ["layer1.0.conv1", "layer1.0.conv2", "fc"].map((layer, i) => ({
  layer,
  milliseconds: 2 ** i,
}));

it.each([
  { row: 0, place: 5, milliseconds: 1 + 2 + 4 + 8 + 16 + 32, gpu: 1 + 2 },
  { row: 1, place: 4, milliseconds: 1 + 2 + 4 + 8 + 16, gpu: 1 + 2 },
  { row: 2, place: 0, milliseconds: 1, gpu: 1 },
  { row: 3, place: 0, milliseconds: 1, gpu: undefined },
  { row: 4, place: 1, milliseconds: 2, gpu: undefined },
  { row: 5, place: 2, milliseconds: 4, gpu: 2 },
  { row: 7, place: 3, milliseconds: 8, gpu: undefined },
  { row: 8, place: 6, milliseconds: 64, gpu: 4 },
  { row: 9, place: undefined, milliseconds: 0, gpu: undefined },
  { row: 10, place: undefined, milliseconds: 0, gpu: undefined },
])("row $row was seen at $place, and took $milliseconds ms and $gpu on a GPU", (expected) => {
  const { row, place, milliseconds, gpu } = expected;
  expect(placeOf(ROWS, row, SEEN)).toBe(place);
  expect(millisecondsOf(ROWS, row, SEEN)).toBe(milliseconds);
  expect(gpuMillisecondsOf(ROWS, row, ON_GPU)).toBe(gpu);
});
