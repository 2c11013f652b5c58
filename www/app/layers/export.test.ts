import type { ImageInspection, LayerRow, ModelInfo, Summary } from "resnet-web";
import { expect, it } from "vitest";
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

/** A look at conv1, on the CPU and on a GPU. */
const LOOK = {
  layers: [{ name: 'a "strange", name', milliseconds: 2.00049 }],
} as unknown as ImageInspection;
const LOOK_ON_GPU: ImageInspection = {
  ...LOOK,
  gpu: { taken: "timestamps", layers: [{ layer: "conv1", milliseconds: 0.25 }] },
};
const COARSE: ImageInspection = { ...LOOK, gpu: { taken: "coarse", milliseconds: 9 } };

it.each([
  {
    what: "the CPU's times",
    look: LOOK,
    column: "CPU milliseconds while inspecting",
    times: [0, 2, 2],
  },
  { what: "the GPU's", look: LOOK_ON_GPU, column: "GPU milliseconds", times: [0.25, null, null] },
  {
    what: "the CPU's where the GPU's are coarse",
    look: COARSE,
    column: "CPU milliseconds while inspecting",
    times: [0, 2, 2],
  },
])("has $what in a column more", ({ look, column, times }) => {
  const ends = [column, ...times.map((time) => time ?? "")];
  const csv = toCsv(SUMMARY, look).split("\r\n");
  expect(csv.slice(0, -1).map((line) => line.split(",").at(-1))).toEqual(ends.map(String));
  const markdown = toMarkdown(INFO, SUMMARY, look).split("\n");
  expect(markdown[2]).toMatch(new RegExp(`\\| ${column} \\|$`));
  expect(markdown[4]).toMatch(new RegExp(`\\| 32 \\| ${times[0]} \\|$`));
  const json = JSON.parse(toJson(INFO, SUMMARY, look));
  expect(json.milliseconds).toBe(column);
  expect(json.rows.map((row: { milliseconds: unknown }) => row.milliseconds)).toEqual(times);
});

it("is quoted in CSV where it has to be", () => {
  expect(toCsv(SUMMARY, null).split("\r\n")).toEqual([
    "name,kind,input shape,output shape,kernel,parameters,multiply-adds,output bytes",
    "conv1,Conv2d,1x3x4x4,1x2x2x2,7x7,294,1176,32",
    "layer1,Sequential,1x3x4x4,1x2x2x2,,294,1176,32",
    '"a ""strange"", name",ReLU,1x3x4x4,1x2x2x2,,0,1176,32',
    "",
  ]);
});

it("is whole in JSON", () => {
  const read = JSON.parse(toJson(INFO, SUMMARY, null));
  expect(read).toMatchObject({ architecture: "ResNet-1", parameters: 294, multiplyAdds: 1176 });
  expect(read.rows[0]).toEqual({ ...CONV, outputBytes: 32 });
  expect(read.bytes).toEqual(memoryOf(SUMMARY));
});

it("shows depth and totals in Markdown", () => {
  const lines = toMarkdown(INFO, SUMMARY, null).split("\n");
  expect(lines[0]).toBe("## ResNet-1");
  expect(lines[4]).toBe("| conv1 | Conv2d | 1x3x4x4 | 1x2x2x2 | 7x7 | 294 | 1176 | 32 |");
  expect(lines[6]).toContain("| &emsp;a");
  expect(lines.at(-2)).toContain("Parameters: 294. Multiply-adds: 1176.");
});

it("names of files are text in every format", () => {
  const strange = { ...INFO, architecture: "![x](http://a.b)\n<img>" };
  const [heading] = toMarkdown(strange, SUMMARY, null).split("\n");
  expect(heading).toBe("## \\!\\[x\\]\\(http\\://a.b\\) \\<img\\>");
  expect(JSON.parse(toJson(strange, SUMMARY, null)).architecture).toBe("![x](http://a.b) <img>");
  const rows = [{ ...CONV, name: "=1+1" }];
  expect(toCsv({ ...SUMMARY, rows }, null).split("\r\n")[1]).toMatch(/^'=1\+1,/);
});
