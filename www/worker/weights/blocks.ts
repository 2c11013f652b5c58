import type { Pieces } from "../../files/pieces";

/** Bytes that a digest is of. */
const BLOCK = 1 << 20;

/**
 * Digests of a file's blocks, by which a stored file is known to be whole. The browser's own SHA-256 is ten times as
 * fast as one in JavaScript, but wants all of its bytes at once: so it gets a block at a time.
 */
export class BlockDigests {
  readonly #size: number;
  /** Complete when the file has passed. */
  readonly digests: string[] = [];

  constructor(size = BLOCK) {
    this.#size = size;
  }

  /** Passes a file's bytes on, once. */
  async *of(pieces: Pieces) {
    const block = new Uint8Array(this.#size);
    let filled = 0;
    for await (const piece of pieces) {
      for (let taken = 0; taken < piece.length; ) {
        const part = piece.subarray(taken, taken + block.length - filled);
        block.set(part, filled);
        filled += part.length;
        taken += part.length;
        if (filled === block.length) {
          this.digests.push(await digestOf(block));
          filled = 0;
        }
      }
      yield piece;
    }
    if (filled > 0) this.digests.push(await digestOf(block.subarray(0, filled)));
  }

  /** Whether these are the digests of the same file. */
  equal(digests: string[]): boolean {
    return JSON.stringify(digests) === JSON.stringify(this.digests);
  }
}

async function digestOf(block: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", block));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
