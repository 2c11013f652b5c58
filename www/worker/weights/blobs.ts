import { PART, type Pieces } from "../../files/pieces";

/** Hands a file over to the browser, in blobs of `part` bytes or little more. The last one is what remains. */
export async function* inBlobs(pieces: Pieces, part = PART): AsyncGenerator<Blob, void, undefined> {
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const put = () => {
    const blob = new Blob(waiting);
    // Freed at once, not when the browser comes to tidy up, so that it is not in memory beside the network.
    for (const { buffer, length } of waiting) {
      // Browsers of before 2024 have no way to do so.
      if (length === buffer.byteLength) buffer.transfer?.(0);
    }
    waiting = [];
    length = 0;
    return blob;
  };
  for await (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length >= part) yield put();
  }
  if (length > 0) yield put();
}

/** Gathers a file in the browser's memory. */
export async function gathered(pieces: Pieces, part = PART): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const blob of inBlobs(pieces, part)) parts.push(blob);
  return new Blob(parts);
}
