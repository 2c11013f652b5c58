import { beforeEach, expect, it, vi } from "vitest";
import type { Call } from "./command";
import { classifierOf } from "./weight-options";

/** What the classifier was asked, in order. */
const asked: unknown[][] = [];
const DESCRIBED = {
  labels: ["daisy"],
  preprocessing: { crop: 64 },
  strideOn: "conv1",
  unsupported: [{ name: "interpolation", value: "lanczos" }],
};

vi.mock("resnet-web/node", () => ({
  Classifier: class {
    constructor(options: unknown) {
      asked.push(["new", options]);
    }
    describe = async (file: string) => {
      asked.push(["describe", file]);
      return DESCRIBED;
    };
    load = async (...of: unknown[]) => {
      asked.push(["load", ...of]);
      if (of[0] === "missing") throw new Error("there is no such file");
    };
    dispose = () => asked.push(["dispose"]);
  },
}));
const notes: string[] = [];
vi.mock("./output", () => ({ note: (line: string) => notes.push(line) }));

beforeEach(() => {
  asked.length = 0;
  notes.length = 0;
});

const call = (values: Call["values"]): Call => ({ values, flags: {}, words: [] });

it.each<{ what: string; values: Call["values"]; loads: object }>([
  { what: "nothing is named", values: {}, loads: {} },
  {
    what: "a configuration is named",
    values: { preprocessing: "config.json" },
    loads: { labels: ["daisy"], preprocessing: { crop: 64 }, strideOn: "conv1" },
  },
  {
    what: "labels and stride are named, too",
    values: { preprocessing: "config.json", labels: "labels.txt", stride: "conv2" },
    loads: { labels: "labels.txt", preprocessing: { crop: 64 }, strideOn: "conv2" },
  },
])("where $what, $loads is loaded", async ({ values, loads }) => {
  await classifierOf(call(values), "w.pth", { threads: 2, arithmetic: "int8" });
  expect(asked[0]).toEqual(["new", { threads: 2 }]);
  expect(asked.at(-1)).toEqual(["load", "w.pth", { ...loads, arithmetic: "int8" }]);
  const said =
    "config.json asks for interpolation = lanczos, which is not supported and is ignored.";
  expect(notes).toEqual(values.preprocessing ? [said] : []);
});

it("a classifier whose weights cannot be loaded is disposed of", async () => {
  await expect(classifierOf(call({}), "missing", {})).rejects.toThrow("no such file");
  expect(asked.at(-1)).toEqual(["dispose"]);
});
