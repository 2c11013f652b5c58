import { expect, it } from "vitest";
import { readThreads } from "./threads";

it.each([
  [null, null],
  ["auto", "auto"],
  ["1", 1],
  ["16", 16],
  ["0", null],
  ["-2", null],
  ["2.5", null],
  ["1e3", null],
  ["99999", null],
  ["two", null],
  ["", null],
])("%j asks for %j threads", (text, count) => {
  expect(readThreads(text)).toBe(count);
});
