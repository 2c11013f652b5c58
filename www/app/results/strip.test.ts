import { expect, it } from "vitest";
import { strip } from "./strip";

it.each([
  ["nothing but zeros", [0, 0], { path: "", zero: 0, most: 0 }],
  ["features after ReLU", [2, 0, 1], { path: "M0.5 1V0M2.5 1V0.5", zero: 1, most: 2 }],
  ["features of both signs", [-3, 1], { path: "M0.5 0.25V1M1.5 0.25V0", zero: 0.25, most: -3 }],
])("%s are drawn from zero", (_, values, expected) => {
  expect(strip(Float32Array.from(values))).toEqual(expected);
});
