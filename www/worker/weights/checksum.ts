import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Pieces } from "../../files/pieces";
import { ResNetError } from "../../protocol/errors";

/** What a file has to be, as far as that is known. */
export interface Expected {
  bytes: number | null;
  /** In lower-case hexadecimal digits. */
  sha256: string | null;
}

/**
 * Passes a file's bytes on, and fails in place of its end if it is not the one expected: a stream that
 * is being stored is not stored then. The browser's own SHA-256 needs all bytes at once, so this is another.
 */
export async function* checked(pieces: Pieces, expected: Expected, url: string) {
  const { bytes } = expected;
  const hash = expected.sha256 === null ? null : sha256.create();
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (bytes !== null && length > bytes) throw damaged(url, `has more than ${bytes} bytes`);
    hash?.update(piece);
    yield piece;
  }
  checkLength(length, expected, url);
  if (!hash) return;
  const found = bytesToHex(hash.digest());
  if (found !== expected.sha256) {
    throw damaged(url, `has SHA-256 ${found} instead of ${expected.sha256}`);
  }
}

/** Fails if a file has another length than expected. */
export function checkLength(length: number, { bytes }: Expected, url: string): void {
  if (bytes !== null && length !== bytes) {
    throw damaged(url, `has ${length} bytes instead of ${bytes}`);
  }
}

function damaged(url: string, what: string): ResNetError {
  return new ResNetError(
    "weights-checksum",
    `${url} ${what}. The file is damaged or was changed: load it again.`,
  );
}
