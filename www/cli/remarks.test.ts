import { expect, it } from "vitest";
import { remarks } from "./remarks";

const SILENT = { classes: 10, labels: 10, assumed: [] };

it.each<[string, Parameters<typeof remarks>[0], string[]]>([
  ["a file that says all of itself", SILENT, []],
  ["assumptions", { ...SILENT, assumed: ["stride", "preprocessing"] }, ["The stride", "Images"]],
  [
    "classes without names",
    { ...SILENT, labels: 0, assumed: ["labels"] },
    ["The file does not say what its 10 classes"],
  ],
  ["ImageNet's classes", { classes: 1000, labels: 0, assumed: ["labels"] }, []],
  [
    "no head",
    { classes: 0, labels: 0, assumed: ["labels"], notes: [{ kind: "no-head" }] },
    ["The file has no head"],
  ],
  [
    "what is left over",
    { ...SILENT, notes: [{ kind: "ignored", tensors: { first: ["a", "b"], count: 7 } }] },
    ["Tensors that the network does not have are ignored: a, b and 5 more."],
  ],
  [
    "one of several networks",
    { ...SILENT, weightSets: { taken: "student", names: ["student", "teacher"] } },
    ["The set of weights student is taken; --weight-set takes another: teacher."],
  ],
])("%s", (_, reading, expected) => {
  const found = remarks(reading);
  expect(found.map((line, i) => line.slice(0, expected[i]?.length))).toEqual(expected);
});
