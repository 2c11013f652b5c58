// An ONNX model may keep its weights in files beside it: https://onnx.ai/onnx/repo-docs/ExternalData.html

import { beginning, isOnnx, joined } from "./beginning";
import { type Pieces, piecesOf } from "./pieces";

/** How a model names such a file: the entry `location` of a tensor's `external_data`, whose value comes next. */
const LOCATION = "\n\x08location\x12";
/** The longest name of a file, in bytes. */
const LONGEST_NAME = 255;
/** More files than a model has tensors. */
const MOST_FILES = 4096;

/**
 * The names of the files in which a weight file has weights: none, unless it is an ONNX model. Those in another folder are left
 * out; the reader refuses them.
 */
export async function externalNames(file: Pieces): Promise<string[]> {
  const pieces = file[Symbol.asyncIterator]();
  const start = await beginning(pieces);
  if (!isOnnx(new Uint8Array(await new Blob(start).arrayBuffer()))) {
    await pieces.return?.();
    return [];
  }
  const names = new Set<string>();
  // In this encoding every byte is one character.
  const decoder = new TextDecoder("latin1");
  let rest = new Uint8Array();
  for await (const piece of joined(start, { [Symbol.asyncIterator]: () => pieces })) {
    const bytes = new Uint8Array(rest.length + piece.length);
    bytes.set(rest);
    bytes.set(piece, rest.length);
    const text = decoder.decode(bytes);
    let end = 0;
    for (let at = text.indexOf(LOCATION); at >= 0; at = text.indexOf(LOCATION, end)) {
      end = at + LOCATION.length;
      const name = nameAt(bytes, end);
      if (name && names.size < MOST_FILES) names.add(name);
    }
    // One that is cut is found again with the next piece.
    rest = bytes.slice(Math.max(0, bytes.length - LOCATION.length - LONGEST_NAME - 2));
  }
  return [...names];
}

/**
 * The names of the files in which a weight file that was chosen has weights: none, unless it is an ONNX model. They belong into
 * the option `externalData`.
 */
export function externalDataNames(file: Blob): Promise<string[]> {
  return externalNames(piecesOf(file));
}

/** A name whose length comes before it; null where there is none, or one with a folder. */
function nameAt(bytes: Uint8Array, at: number): string | null {
  // Lengths above 127 take two bytes, seven bits in each.
  const [low = 0, high = 0] = bytes.subarray(at);
  const length = low > 127 ? (low & 127) + 128 * high : low;
  const from = at + (low > 127 ? 2 : 1);
  if (length > LONGEST_NAME || from + length > bytes.length) return null;
  const name = new TextDecoder().decode(bytes.subarray(from, from + length));
  return /^\.{0,2}$|[/\\:\0]/.test(name) ? null : name;
}
