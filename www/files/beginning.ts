import type { Pieces } from "./pieces";

/** Bytes of a file by which it is known whether they are the beginning of weights. */
const ENOUGH = 1024;
/** As in the Rust reader: no ResNet's safetensors header is longer. */
const LONGEST_HEADER = 16 << 20;

/** Reads a file's first bytes, and gives them as they came. */
export async function beginning(pieces: AsyncIterator<Uint8Array<ArrayBuffer>>) {
  const start: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (length < ENOUGH) {
    const { done, value } = await pieces.next();
    if (done) break;
    start.push(value);
    length += value.length;
  }
  return start;
}

/** Puts what was read of a file before the rest of it. */
export async function* joined(start: Uint8Array<ArrayBuffer>[], rest: Pieces): Pieces {
  yield* start;
  yield* rest;
}

/**
 * Whether a file with these first bytes can be weights: whether the Rust reader (crates/core/src/weights/format) would take
 * it for one of its formats. tests/fixtures/weight-starts.json holds both against each other.
 */
export function canBeWeights(start: Uint8Array): boolean {
  return isBurnpack(start) || isPyTorch(start) || isSafetensors(start) || isOnnx(start);
}

function isBurnpack(start: Uint8Array): boolean {
  return has(start, 0, "NRUB");
}

/** A zip archive, the pickles of versions before 1.6, or the tar archive before that. */
function isPyTorch(start: Uint8Array): boolean {
  const [first, protocol = 0] = start;
  const isPickle = first === 0x80 && protocol >= 2 && protocol <= 5;
  const isZip = has(start, 0, "PK\x03\x04") || has(start, 0, "PK\x05\x06");
  return isZip || isPickle || has(start, 257, "ustar");
}

/** A header's length, and JSON. */
function isSafetensors(start: Uint8Array): boolean {
  if (start.length < 9 || !has(start, 8, "{")) return false;
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  return length <= LONGEST_HEADER;
}

/** Protocol buffers: a version, then another field of a model. TensorFlow's SavedModel begins with version 1. */
export function isOnnx(start: Uint8Array): boolean {
  const [field, version = 0, next = 0] = start;
  return (
    field === 0x08 &&
    version >= 3 &&
    version <= 20 &&
    [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next)
  );
}

function has(start: Uint8Array, at: number, text: string): boolean {
  return [...text].every((character, index) => start[at + index] === character.charCodeAt(0));
}
