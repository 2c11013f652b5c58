import { ResNetError, toResNetError } from "../../protocol/errors";
import { discreet, lengthOf } from "../weights/request";

/** Classes of ImageNet's ILSVRC 2012, which most ResNets were trained on. */
export const IMAGENET_CLASSES = 1000;
/** torchvision's names of them. Fetched only when they are needed. */
export const IMAGENET_LABELS = new URL("../../lib/labels/imagenet.json", import.meta.url).href;

/** Larger files hold something else than labels. */
const MOST_BYTES = 16 * 2 ** 20;

/** The bytes of a file of labels, or of the one at an address. Its encoding is detected from them later. */
export async function readLabels(
  labels: string | Blob,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = labels instanceof Blob ? labels : await fetched(labels, signal);
  if (file.size > MOST_BYTES) throw tooLarge(`has ${file.size} bytes`);
  return new Uint8Array(await file.arrayBuffer());
}

async function fetched(url: string, signal: AbortSignal | undefined): Promise<Blob> {
  const connection = new AbortController();
  const stop = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    const response = await fetch(url, { ...discreet(url), signal: connection.signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await readUpTo(MOST_BYTES, response);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof ResNetError) throw cause;
    throw new ResNetError(
      "labels",
      `The labels at ${url} could not be fetched: ${toResNetError(cause).message}. Check the address and the connection.`,
      { cause },
    );
  } finally {
    signal?.removeEventListener("abort", stop);
    // Whatever is still to come.
    connection.abort();
  }
}

/** A response's body, no byte of which is read beyond `most`. */
async function readUpTo(most: number, response: Response): Promise<Blob> {
  if ((lengthOf(response) ?? 0) > most) throw tooLarge(`has ${lengthOf(response)} bytes`);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const piece = (await reader?.read())?.value;
    if (!piece) return new Blob(pieces);
    length += piece.length;
    if (length > most) throw tooLarge(`has more than ${most} bytes`);
    pieces.push(piece);
  }
}

function tooLarge(what: string): ResNetError {
  return new ResNetError(
    "labels",
    `The file of labels ${what}, and 16 MiB is the most that is read. Choose a text or JSON file with one label for each class.`,
  );
}
