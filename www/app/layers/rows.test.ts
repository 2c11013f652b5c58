import type { LayerRow } from "resnet-web";
import { expect, it } from "vitest";
import { visibleRows } from "./rows";

/** conv1, then a stage of two blocks, then fc. */
const ROWS = [
  ["conv1", 0, false],
  ["layer1", 0, true],
  ["layer1.0", 1, true],
  ["layer1.0.conv1", 2, false],
  ["layer1.1", 1, true],
  ["layer1.1.conv1", 2, false],
  ["fc", 0, false],
].map(([name, depth, container]) => ({ name, depth, container }) as LayerRow);

it.each([
  { open: [], shown: ["conv1", "layer1", "fc"] },
  { open: ["layer1"], shown: ["conv1", "layer1", "layer1.0", "layer1.1", "fc"] },
  {
    open: ["layer1", "layer1.1"],
    shown: ["conv1", "layer1", "layer1.0", "layer1.1", "layer1.1.conv1", "fc"],
  },
  // A block that is open in a stage that is closed stays hidden.
  { open: ["layer1.0"], shown: ["conv1", "layer1", "fc"] },
])("with $open open", ({ open, shown }) => {
  expect(visibleRows(ROWS, new Set(open)).map((row) => row.name)).toEqual(shown);
});
