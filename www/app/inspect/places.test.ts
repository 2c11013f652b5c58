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

/** A network with pre-activation: some layers have a batch norm after them, some have none. */
const PRE_ACTIVATED = [
  ["stem.conv", "Conv2d", 0],
  ["stem.pool", "MaxPool2d", 1],
  ["stages.0.blocks.0.norm1", "BatchNorm2d", 2],
  ["stages.0.blocks.0.conv1", "Conv2d", 3],
  ["stages.0.blocks.0.norm2", "BatchNorm2d", 3],
  ["stages.0.blocks.0.conv2", "Conv2d", 4],
  ["stages.0.blocks.0.se", "SEModule", undefined],
  ["stages.0.blocks.0.se.fc1", "Conv2d", 5],
  ["stages.0.blocks.0.se.act", "ReLU", 6],
  ["norm", "BatchNorm2d", 7],
  ["head.fc.0", "BatchNorm1d", undefined],
  ["head.fc.1", "Linear", 8],
  ["head.fc.2", "BatchNorm1d", 8],
] as const;

const PRE_ACTIVATED_SEEN = [
  "stem.conv",
  "stem.pool",
  "stages.0.blocks.0.norm1",
  "stages.0.blocks.0.norm2",
  "stages.0.blocks.0.conv2",
  "stages.0.blocks.0.se.fc1",
  "stages.0.blocks.0.se.act",
  "norm",
  "head.fc.2",
].map((name) => ({ name }) as SeenLayer);

it.each(PRE_ACTIVATED)("%s, %s, is seen at %s", (name, _, expected) => {
  const rows = PRE_ACTIVATED.map(
    ([name, kind]) => ({ name, kind, container: kind === "SEModule" }) as LayerRow,
  );
  const index = rows.findIndex((row) => row.name === name);
  expect(placeOf(rows, index, PRE_ACTIVATED_SEEN)).toBe(expected);
});
