import { createReadStream } from "node:fs";
import path from "node:path";
import { imageFormat } from "../../images/encoded";
import { ResNetError } from "../../protocol/errors";
import { checkPixels } from "../internal/arguments";
import { isWebAddress, nameOf, pathOf, whyUnread } from "./address";
import { bytesOf, isInMemory } from "./bytes";
import { joined, readUpTo } from "./read-up-to";

/** Decoded pixels, as a browser's `ImageData` has them. */
export interface PixelData {
  /** Red, green, blue and alpha of each pixel, a byte each, row by row. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/**
 * What can be classified in Node.
 *
 * - A JPEG, PNG or WebP file: its path, its `file:`, `http:` or `https:` address (a string or a `URL`), its bytes, or a
 *   `Blob`. It is turned as its EXIF data says. Colour profiles are ignored: pixels are taken for sRGB.
 * - Pixels: `ImageData`, or any object with `data` (RGBA, a byte each, row by row), `width` and `height`.
 *
 * Bytes and pixels remain the caller's: they are copied.
 */
export type NodeImageInput = string | URL | Uint8Array | ArrayBuffer | Blob | PixelData;

/** An image on its way to the worker. */
export type SentImage =
  | { file: Uint8Array<ArrayBuffer> }
  | { pixels: { data: Uint8Array<ArrayBuffer>; width: number; height: number } };

/** An image as it is sent, what is transferred with it, and its name for an error's text. */
export interface ImageToSend {
  image: SentImage;
  transfer: ArrayBuffer[];
  name: string;
}

/** Reads an image, or copies it. */
export async function imageToSend(
  input: NodeImageInput,
  signal: AbortSignal | undefined,
): Promise<ImageToSend> {
  if (isPixels(input)) {
    checkPixels(input);
    const { width, height } = input;
    const data = Uint8Array.from(input.data);
    return { image: { pixels: { data, width, height } }, transfer: [data.buffer], name: NAMELESS };
  }
  const { bytes, name } = await fileOf(input, signal);
  return { image: { file: bytes }, transfer: [bytes.buffer], name };
}

const NAMELESS = "the image";

function isPixels(input: NodeImageInput): input is PixelData {
  const data = typeof input === "object" && input !== null && "data" in input ? input.data : null;
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
}

/** Bytes of an image file at most: it has to fit into the decoder's memory, beside its pixels. */
const MOST_BYTES = 2 ** 30;
/** By this many of its first bytes a format is known. */
const HEAD = 12;

/** An image file's bytes; of a file of another format, which the worker refuses, no more than the first ones. */
function imageBytes(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  let isKnown = false;
  return readUpTo(MOST_BYTES, pieces, (soFar, length) => {
    if (isKnown || length < HEAD) return false;
    isKnown = imageFormat(joined(soFar, length)) !== undefined;
    return !isKnown;
  });
}

async function fileOf(
  input: Exclude<NodeImageInput, PixelData>,
  signal: AbortSignal | undefined,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; name: string }> {
  if (isInMemory(input)) {
    return { bytes: await bytesOf(input), name: input instanceof File ? input.name : NAMELESS };
  }
  if (typeof input !== "string" && !(input instanceof URL)) {
    throw new ResNetError(
      "image-decode",
      "This is no image. Pass a file (its path, address or bytes) or pixels: { data, width, height }.",
    );
  }
  if (isWebAddress(input)) return { bytes: await fetched(input, signal), name: String(input) };
  try {
    const file = pathOf(input);
    const pieces = createReadStream(file, { highWaterMark: 2 ** 20, ...(signal && { signal }) });
    return { bytes: await imageBytes(pieces), name: path.basename(file) };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ResNetError(
      "image-decode",
      `The image ${nameOf(input)} cannot be read: ${whyUnread(cause)}. Check the path.`,
      { cause },
    );
  }
}

async function fetched(
  address: string | URL,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(address, signal ? { signal } : {});
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return response.body ? await imageBytes(response.body) : new Uint8Array();
  } catch (cause) {
    signal?.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ResNetError(
      "image-download",
      `The image at ${address} could not be fetched: ${why}. Check the address and the connection.`,
      { cause },
    );
  }
}
