import { ResNetError } from "../../protocol/errors";
import type { What } from "./request";
import { Download } from "./resume";
import type { RetryPolicy } from "./retry-policy";

/** A small file that is wanted. */
export interface SmallFile {
  url: string;
  what: What;
  /** The most bytes that are fetched. */
  most: number;
  signal: AbortSignal;
  /** Whether there is a copy at hand: then the server is not waited for so long. */
  hasCopy?: boolean;
}

/** Fetches a small file whole, from the server itself: what an old one in the browser's HTTP cache names may be gone. */
export async function fetchSmall(
  { url, what, most, signal, hasCopy = false }: SmallFile,
  retryPolicy: RetryPolicy,
): Promise<Blob> {
  const download = await Download.open(
    {
      url,
      what,
      bytes: null,
      most: Number.POSITIVE_INFINITY,
      checked: false,
      cache: "no-cache",
      signal,
    },
    retryPolicy,
    hasCopy,
  );
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for await (const piece of download.pieces()) {
      length += piece.length;
      if (length > most) throw tooLong(url, what, most);
      pieces.push(piece);
    }
    return new Blob(pieces);
  } finally {
    download.cancel();
  }
}

function tooLong(url: string, what: What, most: number): ResNetError {
  return new ResNetError(
    "weights-download",
    `${url} has more than ${most / 2 ** 20} MiB, too much for ${what}. Check the address.`,
  );
}
