import { expect, it } from "vitest";
import type { LayerRow, ModelInfo, Summary } from "../../lib";
import { memoryOf, toCsv, toJson, toMarkdown } from "./export";

const CONV: LayerRow = {
  name: "conv1",
  kind: "Conv2d",
  depth: 0,
  container: false,
  inputShape: [1, 3, 4, 4],
  outputShape: [1, 2, 2, 2],
  kernel: [7, 7],
  parameters: 294,
  multiplyAdds: 1176,
};
const SUMMARY: Summary = {
  rows: [
    CONV,
    { ...CONV, name: "layer1", kind: "Sequential", container: true, kernel: null },
    { ...CONV, name: 'a "strange", name', kind: "ReLU", depth: 1, kernel: null, parameters: 0 },
  ],
  parameters: 294,
  multiplyAdds: 1176,
};
const INFO = { architecture: "ResNet-1", inputShape: [1, 3, 4, 4] } as unknown as ModelInfo;

it("counts bytes of leaves at 32 bits", () => {
  expect(memoryOf(SUMMARY)).toEqual({ input: 192, outputs: 64, parameters: 1176 });
});

it("is quoted in CSV where it has to be", () => {
  expect(toCsv(SUMMARY).split("\r\n")).toEqual([
    "name,kind,input shape,output shape,kernel,parameters,multiply-adds,output bytes",
    "conv1,Conv2d,1x3x4x4,1x2x2x2,7x7,294,1176,32",
    "layer1,Sequential,1x3x4x4,1x2x2x2,,294,1176,32",
    '"a ""strange"", name",ReLU,1x3x4x4,1x2x2x2,,0,1176,32',
    "",
  ]);
});

it("is whole in JSON", () => {
  const read = JSON.parse(toJson(INFO, SUMMARY));
  expect(read).toMatchObject({ architecture: "ResNet-1", parameters: 294, multiplyAdds: 1176 });
  expect(read.rows[0]).toEqual({ ...CONV, outputBytes: 32 });
  expect(read.bytes).toEqual(memoryOf(SUMMARY));
});

it("shows depth and totals in Markdown", () => {
  const lines = toMarkdown(INFO, SUMMARY).split("\n");
  expect(lines[0]).toBe("## ResNet-1");
  expect(lines[4]).toBe("| conv1 | Conv2d | 1x3x4x4 | 1x2x2x2 | 7x7 | 294 | 1176 | 32 |");
  expect(lines[6]).toContain("| &emsp;a");
  expect(lines.at(-2)).toContain("Parameters: 294. Multiply-adds: 1176.");
});
