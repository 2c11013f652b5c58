import { expect, it } from "vitest";
import type { Sorted } from "./sort";
import { unusedText } from "./unused";

/** What keeps a name's direction to itself shows nothing. */
const shown = (text: string) => text.replace(/[\u2068\u2069]/g, "");

const many = (count: number): Sorted["unused"] =>
  Array.from({ length: count }, (_, i) => ({ name: `${i + 1}`, why: "unknown" as const }));
const NOTHING = "neither a photo, nor weights, nor labels";

it.each<[string, Sorted["unused"], string]>([
  ["one", many(1), `1 (${NOTHING})`],
  ["two", many(2), `1 and 2 (${NOTHING})`],
  ["three", many(3), `1, 2 and 3 (${NOTHING})`],
  ["four", many(4), `1, 2, 3 and 1 more (${NOTHING})`],
  ["very many", many(5000), `1, 2, 3 and 4\u202f997 more (${NOTHING})`],
  [
    "several reasons",
    [
      { name: "a", why: "empty" },
      { name: "b.pth", why: "other-weights" },
      { name: "c", why: "empty" },
    ],
    "a and c (empty); b.pth (more weights: only one file is loaded at a time)",
  ],
  ["a strange name", [{ name: "a\u202e\nb", why: "empty" }], "a\ufffd b (empty)"],
])("%s", (_, unused, text) => {
  expect(shown(unusedText(unused))).toBe(text);
});
