import { ResNetError, toResNetError } from "../lib/errors";

/** Classes of ImageNet's ILSVRC 2012, which most ResNets were trained on. */
export const IMAGENET_CLASSES = 1000;
/** torchvision's names of them. Fetched only when they are needed. */
export const IMAGENET_LABELS = new URL("../lib/labels/imagenet.json", import.meta.url).href;

/** Larger files hold something else than labels. */
const MOST_BYTES = 16 * 2 ** 20;

/** The text of a file of labels, or of the one at an address. */
export async function readLabels(labels: string | Blob, signal?: AbortSignal): Promise<string> {
  const file = labels instanceof Blob ? labels : await fetched(labels, signal);
  if (file.size > MOST_BYTES) {
    throw new ResNetError(
      "labels",
      `The file of labels has ${file.size} bytes, and 16 MiB is the most that is read. Choose a text or JSON file with one label for each class.`,
    );
  }
  return file.text();
}

async function fetched(url: string, signal?: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(url, { ...(signal && { signal }) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await response.blob();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ResNetError(
      "labels",
      `The labels at ${url} could not be fetched: ${toResNetError(cause).message}. Check the address and the connection.`,
      { cause },
    );
  }
}
