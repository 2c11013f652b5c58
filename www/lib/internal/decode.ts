import { isCutShort } from "../../images/encoded";
import { contextOf } from "../../images/readback";
import { drawnSize, LONGEST_SIDE } from "../../images/size";
import { ResNetError, toResNetError } from "../../protocol/errors";

/** An SVG is drawn at least this large: its own size may be that of a symbol. */
const SHORTEST_DRAWING = 512;
/** The side at which an image is looked at for whether it shows anything, in pixels. */
const SAMPLE = 32;

/**
 * Decodes a file in the page: as the worker does, or as `<img>` does, which takes SVG, and files that are cut short.
 *
 * @throws whatever the browser throws where it cannot.
 */
export async function decodedImage(file: Blob): Promise<ImageBitmap> {
  return createImageBitmap(file).catch(() => decodedByImage(file));
}

/** Has `look` look at a file; where it cannot be decoded in the worker, at what `<img>` makes of it. */
export async function decodedAnyhow<T>(
  file: Blob,
  look: (image: Blob | ImageBitmap) => Promise<T>,
): Promise<T> {
  try {
    return await look(file);
  } catch (thrown) {
    if (toResNetError(thrown).code !== "image-decode" || file.size === 0) throw thrown;
    const bitmap = await decodedByImage(file).catch(async () => {
      throw (await isCutShort(file).catch(() => false)) ? nothingLeft(file) : thrown;
    });
    return look(bitmap);
  }
}

async function decodedByImage(file: Blob): Promise<ImageBitmap> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    // Not `decode()`, which refuses a file that is cut short.
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = url;
    });
    const { width, height } = sizeOf(image, file.type);
    if (!(Math.max(width, height) <= LONGEST_SIDE)) throw new Error("too large for a canvas");
    const canvas = new OffscreenCanvas(width, height);
    contextOf(canvas).drawImage(image, 0, 0, width, height);
    // Of some formats nothing is drawn unless all of the file is there.
    if (isBlank(canvas)) throw new Error("nothing to see");
    return canvas.transferToImageBitmap();
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Whether there is nothing on a canvas. */
function isBlank(canvas: OffscreenCanvas): boolean {
  const small = new OffscreenCanvas(SAMPLE, SAMPLE);
  const context = contextOf(small);
  context.drawImage(canvas, 0, 0, SAMPLE, SAMPLE);
  const { data } = context.getImageData(0, 0, SAMPLE, SAMPLE);
  return data.every((byte) => byte === 0);
}

function nothingLeft(file: Blob): ResNetError {
  const name = file instanceof File ? `"${file.name}"` : "The image";
  return new ResNetError(
    "image-decode",
    `${name} is cut short, and nothing can be seen of what is there. Download or copy it again.`,
  );
}

/** The size at which to draw what `<img>` has loaded. */
function sizeOf({ naturalWidth, naturalHeight }: HTMLImageElement, type: string) {
  if (naturalWidth === 0 || naturalHeight === 0) throw new Error("an image without a size");
  const enlarged = type.startsWith("image/svg")
    ? Math.max(1, SHORTEST_DRAWING / Math.min(naturalWidth, naturalHeight))
    : 1;
  const size = drawnSize(enlarged * naturalWidth, enlarged * naturalHeight);
  if (!size) throw new Error("too large an image");
  return size;
}
