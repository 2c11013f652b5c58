import { expect, it } from "vitest";
import { csvLine } from "./csv";

it.each([
  ["text", "tench", "tench"],
  ["a number", -1.5, "-1.5"],
  ["a quote", 'a "b"', '"a ""b"""'],
  ["a comma", "a, b", '"a, b"'],
  ["several lines", "a\r\nb", "a b"],
  ["a formula", "=HYPERLINK(1)", "'=HYPERLINK(1)"],
  ["a formula with a command", "=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"],
  ["a formula with a comma", '=A1,"x"', `"'=A1,""x"""`],
  ["a sum", "+1", "'+1"],
  ["a difference", "-1", "'-1"],
  ["a function", "@SUM(1+1)", "'@SUM(1+1)"],
  ["a formula behind a tab", "\t=1", "'=1"],
  ["a formula behind a return", "\r=1", "'=1"],
  ["a formula behind spaces", "  =1", "'=1"],
  ["a formula behind what shows nothing", "\u0000=1", "'\ufffd=1"],
  ["a formula in wide letters", "＝1", "'＝1"],
  ["a minus inside", "ResNet-50", "ResNet-50"],
  ["more than a cell of a spreadsheet holds", "x".repeat(40_000), `${"x".repeat(32_766)}…`],
])("a cell with %s", (_, cell, written) => {
  expect(csvLine([cell, "b"])).toBe(`${written},b\r\n`);
});
