import type { Pieces } from "./checksum";

/** Bytes that are in JavaScript's memory at a time: the browser keeps a blob's elsewhere, large ones on disk. */
const PART = 8 << 20;

/** Gathers a file in the browser's memory. */
export async function gathered(pieces: Pieces, part = PART): Promise<Blob> {
  const parts: Blob[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const put = () => {
    parts.push(new Blob(waiting));
    waiting = [];
    length = 0;
  };
  for await (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length >= part) put();
  }
  put();
  return new Blob(parts);
}

/** A blob's bytes, a part at a time. */
export async function* piecesOf(blob: Blob, signal: AbortSignal, part = PART) {
  for (let start = 0; start < blob.size; start += part) {
    signal.throwIfAborted();
    yield new Uint8Array(await blob.slice(start, start + part).arrayBuffer());
  }
  signal.throwIfAborted();
}
