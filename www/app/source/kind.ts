/** What a file that was chosen, dropped or pasted is for. */
export type Kind = "photo" | "weights" | "labels";

const WEIGHT_NAMES = /\.(safetensors|pth|pt|bin|bpk|mpk|ckpt|onnx|h5|tflite|gguf)$/i;
const LABEL_NAMES = /\.(txt|json|csv)$/i;

/** The first bytes of weight files: a zip archive, a pickle, burnpack. */
const WEIGHT_STARTS = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x80, 0x02],
  [0x80, 0x04],
  [0x4e, 0x52, 0x55, 0x42],
];
/** Where a safetensors file's JSON begins, after its length. */
const SAFETENSORS_JSON = 8;

/** Tells by the name, then by the first bytes. What is neither weights nor labels is taken for a photo. */
export async function kindOf(file: Blob & { name?: string }): Promise<Kind> {
  const name = file.name ?? "";
  if (WEIGHT_NAMES.test(name)) return "weights";
  if (file.type.startsWith("image/")) return "photo";
  if (LABEL_NAMES.test(name)) return "labels";
  const start = new Uint8Array(await file.slice(0, SAFETENSORS_JSON + 1).arrayBuffer());
  const isWeights =
    WEIGHT_STARTS.some((bytes) => bytes.every((byte, i) => start[i] === byte)) ||
    start[SAFETENSORS_JSON] === "{".charCodeAt(0);
  return isWeights ? "weights" : "photo";
}
