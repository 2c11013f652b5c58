/** Bytes of a blob that are read at a time. */
export const PART = 8 << 20;

/** A file's bytes on their way, from wherever. */
export type Pieces = AsyncIterable<Uint8Array<ArrayBuffer>>;

/** A blob's bytes, a part at a time. */
export async function* piecesOf(blob: Blob, signal?: AbortSignal, part = PART) {
  for (let start = 0; start < blob.size; start += part) {
    signal?.throwIfAborted();
    yield new Uint8Array(await blob.slice(start, start + part).arrayBuffer());
  }
  signal?.throwIfAborted();
}
