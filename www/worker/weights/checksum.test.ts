import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { piecesOf } from "../../files/pieces";
import { gathered } from "./blobs";
import { BlockDigests } from "./blocks";
import { checked, type Expected } from "./checksum";

const FILE = Uint8Array.from({ length: 100 }, (_, index) => index);
const SHA256 = createHash("sha256").update(FILE).digest("hex");
const NO_ONE = "0".repeat(64);

async function* inPieces(length = 30) {
  for (let start = 0; start < FILE.length; start += length) yield FILE.slice(start, start + length);
}

describe("a checked file", () => {
  it.each<[string, Partial<Expected>]>([
    ["of which nothing is known", {}],
    ["of which the length is known", { bytes: 100 }],
    ["of which the checksum is known", { sha256: SHA256 }],
    ["of which both are known", { bytes: 100, sha256: SHA256 }],
  ])("%s passes", async (_, expected) => {
    const blob = await gathered(
      checked(inPieces(), { bytes: null, sha256: null, ...expected }, "https://a.test/a"),
    );
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(FILE);
  });

  it.each<[string, Expected, RegExp, number]>([
    ["too short", { bytes: 101, sha256: SHA256 }, /has 100 bytes instead of 101/, 4],
    ["too long: the rest is not read", { bytes: 50, sha256: SHA256 }, /has more than 50 bytes/, 1],
    [
      "other than it was",
      { bytes: 100, sha256: NO_ONE },
      new RegExp(
        `^https://a.test/a has SHA-256 ${SHA256} instead of ${NO_ONE}. The file is damaged`,
      ),
      4,
    ],
  ])("%s fails", async (_, expected, message, pieces) => {
    let passed = 0;
    const work = (async () => {
      for await (const _piece of checked(inPieces(), expected, "https://a.test/a")) passed += 1;
    })();
    await expect(work).rejects.toMatchObject({
      code: "weights-checksum",
      message: expect.stringMatching(message),
    });
    expect(passed).toBe(pieces);
  });
});

describe("digests of blocks", () => {
  it.each([
    [7, 30, 15],
    [30, 30, 4],
    [50, 30, 2],
    [50, 1000, 2],
    [100, 30, 1],
    [1000, 30, 1],
  ])("of %i bytes, in pieces of %i", async (size, piece, count) => {
    const blocks = new BlockDigests(size);
    const blob = await gathered(blocks.of(inPieces(piece)));
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(FILE);
    expect(blocks.digests).toEqual(
      Array.from({ length: count }, (_, index) =>
        createHash("sha256")
          .update(FILE.slice(index * size, (index + 1) * size))
          .digest("hex"),
      ),
    );
    expect(blocks.equal([...blocks.digests])).toBe(true);
    expect(blocks.equal(blocks.digests.slice(1))).toBe(false);
  });
});

describe("a blob", () => {
  it.each([1, 7, 30, 100, 1000])("is gathered and read in parts of %i bytes", async (part) => {
    const blob = await gathered(inPieces(), part);
    const sizes: number[] = [];
    const bytes: number[] = [];
    for await (const piece of piecesOf(blob, new AbortController().signal, part)) {
      sizes.push(piece.length);
      bytes.push(...piece);
    }
    expect(bytes).toEqual([...FILE]);
    expect(Math.max(...sizes)).toBe(Math.min(part, 100));
  });

  it("is not read on when that is cancelled", async () => {
    const controller = new AbortController();
    const pieces = piecesOf(new Blob([FILE]), controller.signal, 10);
    await pieces.next();
    controller.abort();
    await expect(pieces.next()).rejects.toThrow(/abort/);
  });
});
