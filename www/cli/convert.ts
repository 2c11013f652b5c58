import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { LoadOptions } from "resnet-web/node";
import { ResNetError } from "resnet-web/node";
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
  assumed: ("stride" | "preprocessing" | "labels")[];
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
  const descriptor = opened(file);
  try {
    const { size } = fstatSync(descriptor);
    const result = convert(
      size,
      (offset, length) => bytesAt(descriptor, offset, length),
      JSON.stringify(choices),
      descriptions.map((description) => readable(description, (path) => readFileSync(path))),
      dtype,
    );
    return { bytes: result.bytes(), facts: JSON.parse(result.facts) };
  } catch (thrown) {
    // The module's errors carry their code as a property.
    const { name, message, code } = thrown as ResNetError;
    throw code !== undefined && name === "ResNetError"
      ? new ResNetError(code, `${file}: ${message}`)
      : thrown;
  } finally {
    closeSync(descriptor);
  }
}

const opened = (file: string) => readable(file, (path) => openSync(path, "r"));

function readable<T>(file: string, read: (file: string) => T): T {
  try {
    return read(file);
  } catch (thrown) {
    throw new ResNetError(
      "weights-unreadable",
      `${file} cannot be read: ${(thrown as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (thrown as Error).message}. Check the path.`,
    );
  }
}

function bytesAt(descriptor: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(descriptor, bytes, filled, length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
