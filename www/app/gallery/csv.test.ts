import type { ImageClassification } from "resnet-web";
import { expect, it } from "vitest";
import { galleryCsv } from "./csv";

const result = {
  top: [
    { index: 1, label: "cat", probability: 0.75 },
    { index: 2, label: 'a "dog", wet', probability: 0.25 },
  ],
  networkMilliseconds: 12.34,
} as ImageClassification;

it("has a line for each photo that is done", () => {
  const files = [
    { name: "a.jpg", webkitRelativePath: "" },
    { name: "b.jpg", webkitRelativePath: "folder/b.jpg" },
    { name: "c.jpg", webkitRelativePath: "" },
  ];
  const outcomes = [{ result }, { error: "no picture, sadly" }, undefined];
  expect(galleryCsv(files, outcomes).split("\r\n").slice(1)).toEqual([
    'a.jpg,cat,0.7500,"a ""dog"", wet",0.2500,,,,,,,12.3,',
    'folder/b.jpg,,,,,,,,,,,,"no picture, sadly"',
    "",
  ]);
});

it("names and labels are never a spreadsheet's formulas", () => {
  const formula = "=cmd|'/c calc'!A1";
  const top = [{ index: 0, label: "@SUM(1)", probability: 1 }];
  const csv = galleryCsv(
    [{ name: `${formula}.jpg`, webkitRelativePath: "" }],
    [{ result: { ...result, top } }],
  );
  expect(csv.split("\r\n")[1]).toBe(`'${formula}.jpg,'@SUM(1),1.000,,,,,,,,,12.3,`);
});
