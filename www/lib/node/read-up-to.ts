/** Bytes at most of a file that describes a model: labels, a configuration, a manifest. */
export const MOST_SMALL = 16 * 2 ** 20;

/**
 * All bytes of a file or a response, and none beyond `most`.
 *
 * @param isEnough whether no more than the bytes so far is needed
 * @throws Error that there are more, as a part of a sentence
 */
export async function readUpTo(
  most: number,
  pieces: AsyncIterable<Uint8Array>,
  isEnough: (soFar: Uint8Array[], length: number) => boolean = () => false,
): Promise<Uint8Array<ArrayBuffer>> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    kept.push(piece);
    length += piece.length;
    if (length > most) throw new Error(`it has more than ${most / 2 ** 20} MiB`);
    if (isEnough(kept, length)) break;
  }
  return joined(kept, length);
}

/** Pieces, one after the other. */
export function joined(pieces: Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
