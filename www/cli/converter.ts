import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";
import type { LoadOptions } from "resnet-web/node";
import { ResNetError } from "resnet-web/node";
import { checkIsFile, whyUnread } from "../lib/node/address";
import { MOST_SMALL } from "../lib/node/read-up-to";
import type { Assumption } from "../protocol/generated/core";
import { convert, initSync } from "../wasm/convert/resnet_web";

/** How weights are stored: int8 takes a quarter of f32's bytes. */
export const DTYPES = ["int8", "f16", "f32"] as const;
export type Dtype = (typeof DTYPES)[number];

/** What a weight file turned out to hold. */
export interface Facts {
  architecture: string;
  classes: number;
  /** How many labels there are. */
  labels: number;
  /** What neither the file nor the caller said. */
  assumed: Assumption[];
  /** The largest difference between a value and what is written of it, as a part of its tensor's largest. */
  rounding: number;
}

/** Converts a weight file to safetensors with all of its metadata. `descriptions` are files of labels and configurations. */
export function converted(
  file: string,
  descriptions: string[],
  choices: Pick<LoadOptions, "name" | "strideOn" | "weightSet">,
  dtype: Dtype,
): { bytes: Uint8Array; facts: Facts } {
  initSync({
    module: readFileSync(new URL("../wasm/convert/resnet_web_bg.wasm", import.meta.url)),
  });
  const described = descriptions.map((description) => readable(description, smallFile));
  const { descriptor, size } = readable(file, opened);
  const descriptors = [descriptor];
  const beside = (name: string) => {
    try {
      const { descriptor, size } = opened(path.join(path.dirname(file), name));
      descriptors.push(descriptor);
      return { size, read: bytesOf(descriptor) };
    } catch {
      return undefined;
    }
  };
  try {
    const result = convert(
      size,
      bytesOf(descriptor),
      beside,
      JSON.stringify(choices),
      described,
      dtype,
    );
    return { bytes: result.bytes(), facts: JSON.parse(result.facts) };
  } catch (thrown) {
    // The module's errors carry their code as a property.
    const { name, message, code } = thrown as ResNetError;
    if (code === undefined || name !== "ResNetError") throw thrown;
    const faulty = code === "labels" ? descriptions.join(", ") : file;
    throw new ResNetError(code, `${faulty}: ${message}`);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** How the module reads a file. */
const bytesOf = (descriptor: number) => (offset: number, length: number) =>
  bytesAt(descriptor, offset, length);

/** Opens a weight file, which is read by ranges. */
function opened(file: string): { descriptor: number; size: number } {
  const about = statSync(file);
  checkIsFile(about);
  return { descriptor: openSync(file, "r"), size: about.size };
}

function smallFile(file: string): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    const bytes = bytesAt(descriptor, null, MOST_SMALL + 1);
    if (bytes.length <= MOST_SMALL) return bytes;
    throw new Error(`it has more than ${MOST_SMALL / 2 ** 20} MiB`);
  } finally {
    closeSync(descriptor);
  }
}

function readable<T>(file: string, read: (file: string) => T): T {
  try {
    return read(file);
  } catch (thrown) {
    throw new ResNetError(
      "weights-unreadable",
      `${file} cannot be read: ${whyUnread(thrown)}. Check the path.`,
    );
  }
}

/** Bytes of a file from a place on, or from where it was read to. */
function bytesAt(descriptor: number, offset: number | null, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const from = offset === null ? null : offset + filled;
    const read = readSync(descriptor, bytes, filled, length - filled, from);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
