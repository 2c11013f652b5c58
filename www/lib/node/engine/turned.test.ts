import { expect, it } from "vitest";
import { turned } from "./turned";

/** By Exif's number: an image of 3 by 2 pixels, stored as `abc` over `def`, as it has to be seen. */
const UPRIGHT: [orientation: number, rows: string[]][] = [
  [1, ["abc", "def"]],
  [2, ["cba", "fed"]],
  [3, ["fed", "cba"]],
  [4, ["def", "abc"]],
  [5, ["ad", "be", "cf"]],
  [6, ["da", "eb", "fc"]],
  [7, ["fc", "eb", "da"]],
  [8, ["cf", "be", "ad"]],
];

it.each(UPRIGHT)("orientation %i", (orientation, rows) => {
  const data = Uint8Array.from(Buffer.from("abcdef".replace(/./g, "$&$&$&$&")));
  const { data: seen, width, height } = turned({ data, width: 3, height: 2 }, orientation);
  const letters = Buffer.from(seen.filter((_, i) => i % 4 === 0)).toString();
  expect([letters, width, height]).toEqual([rows.join(""), rows[0]?.length, rows.length]);
});
