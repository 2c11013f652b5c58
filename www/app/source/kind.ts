import { canBeWeights } from "resnet-web";
import { isLabelsInPython, jsonKind } from "./json";

/** What a file that was chosen, dropped or pasted is for. */
export type Kind =
  | "photo"
  /** Weights of a format that is read: safetensors, PyTorch's, ONNX, burnpack. */
  | "weights"
  /** What people take for weights, and is of no format that is read: the reader says what it is. */
  | "other-format"
  /** Labels alone. */
  | "labels"
  /** A text that can be labels, though nothing in it says so. */
  | "text"
  /** Hugging Face's or timm's `config.json`, a `preprocessor_config.json`: labels, or how a model wants its images. */
  | "configuration"
  /** The index of weights that were saved in several files. */
  | "shards"
  | "empty"
  | "unknown";

/** How much of a file is read. */
const START_BYTES = 1024;
/** Larger texts are no labels; the reader of labels has the same limit. */
const MOST_TEXT = 16 << 20;

/** Bytes by which a format is known, as ASCII or as numbers, and where they are. */
type Magic = { bytes: string | readonly number[]; at?: number };

/** Formats that browsers decode, each some of them. A photo that this one does not decode is told where it is decoded. */
const PHOTOS: readonly Magic[] = [
  { bytes: [0xff, 0xd8, 0xff] }, // JPEG
  { bytes: [0x89, 0x50, 0x4e, 0x47] }, // PNG
  { bytes: "GIF8" },
  { bytes: "WEBP", at: 8 },
  // AVIF and HEIC: brands of ISO/IEC 14496-12's files.
  ...["avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"].map(
    (brand) => ({ bytes: `ftyp${brand}`, at: 4 }),
  ),
  { bytes: "II*\0" }, // TIFF
  { bytes: "MM\0*" },
  { bytes: [0x00, 0x00, 0x01, 0x00] }, // Windows' icons
  { bytes: [0xff, 0x0a] }, // JPEG XL
  { bytes: "JXL ", at: 4 },
];

const OTHER_FORMATS: readonly Magic[] = [
  { bytes: [0x89, 0x48, 0x44, 0x46] }, // HDF5
  { bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] }, // NumPy
  { bytes: [0x1f, 0x8b] }, // gzip
  { bytes: "GGUF" },
  { bytes: "TFL3", at: 4 },
  { bytes: [0x08, 0x01, 0x12] }, // TensorFlow's SavedModel
  { bytes: "version https://git-lfs" },
];

const PHOTO_NAME = /\.(jpe?g|png|gif|webp|avif|bmp|svg|hei[cf]|tiff?|ico|jxl)$/i;
const WEIGHTS_NAME = /\.(safetensors|pth|pt|bin|bpk|mpk|ckpt|tar|onnx|h5|keras|tflite|gguf|pkl)$/i;

/**
 * Finds out by its bytes what a file is for: endings are often wrong, and photos often have none. The name counts where the
 * bytes are of no format that is known, as a text's are.
 */
export async function kindOf(file: File): Promise<Kind> {
  const start = new Uint8Array(await file.slice(0, START_BYTES).arrayBuffer());
  if (canBeWeights(start)) return "weights";
  if (isOneOf(PHOTOS, start) || isBitmap(start)) return "photo";
  if (isOneOf(OTHER_FORMATS, start)) return "other-format";
  const text = textOf(start);
  if (text && isSvg(text)) return "photo";
  // Both are told by their readers that they are none.
  if (WEIGHTS_NAME.test(file.name)) return "other-format";
  if (PHOTO_NAME.test(file.name) || file.type.startsWith("image/")) return "photo";
  if (start.length === 0) return "empty";
  // Markup holds no labels: it is a page that was saved instead of a file.
  if (!text || text.startsWith("<") || file.size > MOST_TEXT) return "unknown";
  return /^[[{(]/.test(text) ? structureKind(await file.text()) : "text";
}

function structureKind(text: string): Kind {
  try {
    return jsonKind(JSON.parse(text.replace(/^\ufeff/, ""))) ?? "text";
  } catch {
    return isLabelsInPython(text) ? "labels" : "text";
  }
}

function isOneOf(formats: readonly Magic[], start: Uint8Array): boolean {
  return formats.some(({ bytes, at = 0 }) =>
    [...bytes].every(
      (byte, i) => start[at + i] === (typeof byte === "string" ? byte.charCodeAt(0) : byte),
    ),
  );
}

/** A Windows bitmap: "BM" may begin a text, too, but then no header of one of these lengths follows. */
function isBitmap(start: Uint8Array): boolean {
  if (!isOneOf([{ bytes: "BM" }], start) || start.length < 18) return false;
  return [12, 40, 52, 56, 64, 108, 124].includes(new DataView(start.buffer).getUint32(14, true));
}

/** Whether a text's first element is `<svg>`. */
function isSvg(text: string): boolean {
  return /^(\s|<\?xml[^>]*>|<!--.*?-->|<!doctype svg[^>]*>)*<svg/is.test(text);
}

/** A file's beginning as text, in an encoding that people write labels in (UTF-8, UTF-16, Latin-1); else null. */
function textOf(start: Uint8Array): string | null {
  const marks = { "utf-16le": [0xff, 0xfe], "utf-16be": [0xfe, 0xff] };
  const marked = Object.entries(marks).find(([, bytes]) => isOneOf([{ bytes }], start))?.[0];
  // Without its mark it is known by zeros, which no other text has.
  const zero = start.indexOf(0);
  const wide = marked ?? (zero < 0 ? undefined : zero % 2 === 0 ? "utf-16be" : "utf-16le");
  const text = new TextDecoder(wide).decode(start);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: texts have none of these, nearly all other files do.
  return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text.trimStart();
}
