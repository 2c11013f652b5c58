import { readdirSync, readFileSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import starts from "../../tests/fixtures/weight-starts.json";
import { beginning, canBeWeights, joined } from "./beginning";

/** crates/core/src/weights/format/mod.rs reads the same table. */
it.each(starts)("$name: $weights", ({ at, hex, weights }) => {
  const bytes = new Uint8Array([...Array(at).fill(0), ...Buffer.from(hex, "hex")]);
  expect(canBeWeights(bytes)).toBe(weights);
});

it("nor can it be weights if its header is longer than the reader reads", () => {
  const bytes = Uint8Array.from({ length: 9 });
  bytes.set([1, 0, 0, 1, 0, 0, 0, 0, 0x7b]);
  expect(canBeWeights(bytes)).toBe(false);
});

const FOLDER = "tests/fixtures/weights";

it("files that the reader knows can be weights", () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".gz"));
  const refused = files.filter((file) => {
    // Some have megabytes, and the first bytes will do.
    const packed = readFileSync(`${FOLDER}/${file}`).subarray(0, 2048);
    const start = gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH });
    return !canBeWeights(start.subarray(0, 1024));
  });
  expect(files.length).toBeGreaterThan(20);
  expect(refused).toEqual([]);
});

it.each([0, 1, 1023, 1024, 1025, 3000])(
  "of a file of %i bytes no more is read than it takes, and nothing is lost",
  async (length) => {
    const file = Uint8Array.from({ length }, (_, index) => index);
    let read = 0;
    async function* pieces() {
      for (; read < length; read += 100) yield file.slice(read, read + 100);
    }
    const all = pieces();
    const start = await beginning(all);
    expect(read).toBeLessThanOrEqual(1100);
    const bytes: number[] = [];
    for await (const piece of joined(start, all)) bytes.push(...piece);
    expect(bytes).toEqual([...file]);
  },
);
