import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { imageFormat, isCutShort, orientation, statedSize } from "./encoded";

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part, "latin1")] : part)),
  );
const fixture = (name: string) => Uint8Array.from(readFileSync(`tests/fixtures/images/${name}`));
/** A JPEG's segment: its marker, its length, what is in it. */
const segment = (code: number, ...content: number[]) => [
  0xff,
  code,
  (content.length + 2) >> 8,
  (content.length + 2) & 255,
  ...content,
];

/** A progressive JPEG with a thumbnail that has an end of its own, two scans with an escape and a restart, and fill bytes. */
const JPEG = bytes(
  [0xff, 0xd8],
  segment(0xe1, 0xff, 0xd8, 0xff, 0xd9),
  segment(0xc4, 0, 1),
  segment(0xc2, 8, 0x01, 0x02, 0x03, 0x04, 3),
  segment(0xda, 1, 2),
  [9, 0xff, 0x00, 9, 0xff, 0xd0, 9],
  [0xff],
  segment(0xda, 1, 2),
  [9, 9, 0xff, 0xd9],
);
const GIF = bytes(
  "GIF89a",
  [1, 2, 3, 4, 0x80, 0, 0],
  [0, 0, 0, 9, 9, 9],
  [0x21, 0xf9, 1, 7, 0],
  [...[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0], ...[2, 2, 0x4c, 0x01, 0], 0x3b],
);
const WEBP = bytes("RIFF", [14, 0, 0, 0], "WEBPVP8L", [1, 0, 0, 0, 9, 0]);
const AVIF = bytes([0, 0, 0, 12], "ftypavif", [0, 0, 0, 1], "mdat", [0, 0, 0, 0, 0, 0, 0, 17, 9]);

const FILES: {
  what: string;
  file: Uint8Array<ArrayBuffer>;
  size?: [number, number];
  spared?: number;
}[] = [
  { what: "a photo as JPEG", file: fixture("cat-grey.jpg"), size: [300, 200] },
  { what: "one with EXIF data", file: fixture("cat-exif-rotated.jpg"), size: [200, 300] },
  { what: "a progressive JPEG with a thumbnail", file: JPEG, size: [0x0304, 0x0102] },
  { what: "a PNG", file: fixture("thin.png"), size: [1000, 1] },
  { what: "a PNG with transparency", file: fixture("cat-transparent.png"), size: [150, 100] },
  // Its first image is there without the last byte, too.
  { what: "a GIF", file: GIF, size: [0x0201, 0x0403], spared: 1 },
  // Some programs forget the last byte.
  { what: "a WebP", file: WEBP, spared: 1 },
  { what: "an AVIF", file: AVIF },
];

describe.each(FILES)("$what", ({ file, size, spared = 0 }) => {
  it("states its size, if its format may be too large", () => {
    expect(statedSize(file)).toEqual(size && { width: size[0], height: size[1] });
  });

  it("is whole, with what some cameras write behind it, too", async () => {
    expect(await isCutShort(new Blob([file]))).toBe(false);
    if (size) expect(await isCutShort(new Blob([file, new Uint8Array(99)]))).toBe(false);
  });

  it("is cut short wherever it is cut", async () => {
    const cuts = Array.from({ length: 60 }, (_, i) =>
      Math.round(13 + ((file.length - 1 - spared - 13) * i) / 59),
    );
    cuts.push(file.length - 2 - spared, Math.floor(0.95 * file.length) - spared);
    const whole = [];
    for (const cut of cuts) {
      if (!(await isCutShort(new Blob([file.slice(0, cut)])))) whole.push(cut);
    }
    expect(whole).toEqual([]);
  });
});

it.each([
  ["a bitmap", bytes("BM", Array(12).fill(0), [40, 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0]), 5, 7],
  [
    "upside down",
    bytes("BM", Array(12).fill(0), [40, 0, 0, 0, 5, 0, 0, 0, 249, 255, 255, 255]),
    5,
    7,
  ],
  ["of OS/2", bytes("BM", Array(12).fill(0), [12, 0, 0, 0, 5, 0, 7, 0]), 5, 7],
])("a BMP states its size: %s", (_, file, width, height) => {
  expect(statedSize(file)).toEqual({ width, height });
});

it.each([
  ["nothing", bytes("")],
  ["a text", bytes("This is a text, and no image.")],
  ["an SVG", bytes('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ["a JPEG of which hardly anything is there", JPEG.slice(0, 4)],
])("of %s nothing is known", async (_, file) => {
  expect(statedSize(file)).toBeUndefined();
});

it("a text is not called cut short", async () => {
  expect(await isCutShort(new Blob(["This is a text, and no image."]))).toBe(false);
});

/** Exif data in one byte order or the other: two entries, the second of which is the orientation. */
const exif = (turn: number, isLittle = true) =>
  isLittle
    ? [...Buffer.from("II*\0\x08\0\0\0\x02\0"), ...entry(0x0110), ...entry(0x0112, turn)]
    : [...Buffer.from("MM\0*\0\0\0\x08\0\x01"), ...[1, 0x12, 0, 3, 0, 0, 0, 1, 0, turn, 0, 0]];
const entry = (tag: number, value = 0) => [tag & 255, tag >> 8, 3, 0, 1, 0, 0, 0, value, 0, 0, 0];
const EXIF = [...Buffer.from("Exif\0\0")];

const TURNED: [what: string, format: string | undefined, turn: number, file: Uint8Array][] = [
  ["a JPEG", "jpeg", 6, bytes([0xff, 0xd8], segment(0xe1, ...EXIF, ...exif(6)))],
  [
    "one in the other byte order",
    "jpeg",
    3,
    bytes([0xff, 0xd8], segment(0xe1, ...EXIF, ...exif(3, false))),
  ],
  ["a photo from a camera", "jpeg", 6, fixture("cat-exif-rotated.jpg")],
  ["a photo without Exif data", "jpeg", 1, fixture("cat-grey.jpg")],
  [
    "a turn that there is none of",
    "jpeg",
    1,
    bytes([0xff, 0xd8], segment(0xe1, ...EXIF, ...exif(9))),
  ],
  [
    "Exif data that is cut short",
    "jpeg",
    1,
    bytes([0xff, 0xd8], segment(0xe1, ...EXIF, ...exif(6).slice(0, 20))),
  ],
  ["other data in its place", "jpeg", 1, bytes([0xff, 0xd8], segment(0xe1, ...exif(6)))],
  ["a PNG", "png", 8, bytes("\x89PNG\r\n\x1a\n", [0, 0, 0, 34], "eXIf", exif(8), [0, 0, 0, 0])],
  [
    "a WebP",
    "webp",
    5,
    bytes("RIFF", [54, 0, 0, 0], "WEBPVP8L", [1, 0, 0, 0, 9, 0], "EXIF", [34, 0, 0, 0], exif(5)),
  ],
  ["a GIF", undefined, 1, GIF],
  ["no bytes", undefined, 1, bytes()],
];
it.each(TURNED)("%s is turned as it says", (_, format, turn, file) => {
  expect([imageFormat(file), orientation(file)]).toEqual([format, turn]);
});
