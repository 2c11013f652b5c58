import { fileAddress } from "../../files/address";
import { aborted, ResNetError } from "../../protocol/errors";
import type { ImageInput } from "../public/image-input";
import { baseAddress } from "./base-address";

/** What remains to be drawn of an {@link ImageInput} once its address has been fetched. */
export type Drawable = Exclude<ImageInput, Blob | string | URL>;

/** Whether an image has to be fetched first. */
export function isAddress(image: ImageInput): image is string | URL {
  return typeof image === "string" || image instanceof URL;
}

/** Fetches the image at an address. */
export async function fetchedImage(image: string | URL, signal: AbortSignal): Promise<Blob> {
  const address = fileAddress(image, baseAddress());
  try {
    const response = await fetch(address, { signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await response.blob();
  } catch (cause) {
    if (signal.aborted) throw aborted(signal);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ResNetError(
      "image-download",
      `The image at ${address} could not be fetched: ${why}. Check the address and the connection; a server of another origin has to allow this page to read the file (CORS).`,
      { cause },
    );
  }
}

/** A bitmap of what an image shows now. */
export async function bitmapOf(image: Drawable): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(image);
  } catch (cause) {
    if ((cause as Error | null)?.name === "SecurityError") throw ofOtherOrigin(cause);
    throw new ResNetError(
      "image-decode",
      `The image cannot be drawn: ${cause instanceof Error ? cause.message : cause} Wait until an <img> has loaded (decode()) or a <video> shows a frame (loadeddata), and pass nothing that is closed.`,
      { cause },
    );
  }
}

/** The error for an image whose pixels the page may draw and not read. */
export function ofOtherOrigin(cause: unknown): ResNetError {
  return new ResNetError(
    "image-cross-origin",
    'The image comes from another origin, which does not allow this page to read its pixels. Set crossorigin="anonymous" on the element, and have that server send Access-Control-Allow-Origin.',
    { cause },
  );
}
