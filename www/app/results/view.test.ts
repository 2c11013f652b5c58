import type { Prediction } from "resnet-web";
import { describe, expect, it } from "vitest";
import { readThreshold, readTop, search, shown } from "./view";

const PREDICTIONS: Prediction[] = [
  { index: 285, label: "Egyptian_cat", probability: 0.6 },
  { index: 282, label: "tiger_cat", probability: 0.3 },
  { index: 281, label: "tabby", probability: 0.09 },
  { index: 28, label: "spotted_salamander", probability: 0.01 },
];

it.each([
  [null, null],
  ["", null],
  ["1", 1],
  ["20", 20],
  ["0", null],
  ["21", null],
  ["2.5", null],
  ["all", null],
])("top=%s is %s", (text, top) => {
  expect(readTop(text)).toBe(top);
});

it.each([
  [null, null],
  ["0", 0],
  ["12.5", 0.125],
  ["100", 1],
  ["-1", null],
  ["101", null],
  ["much", null],
])("threshold=%s is %s", (text, threshold) => {
  expect(readThreshold(text)).toBe(threshold);
});

it.each([
  [{ top: 5, threshold: 0 }, 4],
  [{ top: 2, threshold: 0 }, 2],
  [{ top: 20, threshold: 0.09 }, 3],
  // Something is always shown.
  [{ top: 20, threshold: 1 }, 1],
])("%o shows %i classes", (view, count) => {
  expect(shown(PREDICTIONS, view)).toEqual(PREDICTIONS.slice(0, count));
});

describe("a search", () => {
  it.each([
    ["", []],
    ["  ", []],
    ["CAT", [1, 2]],
    ["tiger cat", [2]],
    ["tiger_cat", [2]],
    ["28", [4]],
    ["zebra", []],
  ])("for %o finds the ranks %o", (query, ranks) => {
    expect(search(PREDICTIONS, query, 10).map(({ rank }) => rank)).toEqual(ranks);
  });

  it("finds no more than asked for", () => {
    expect(search(PREDICTIONS, "a", 2)).toHaveLength(2);
  });
});
