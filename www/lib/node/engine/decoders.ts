import { readFile } from "node:fs/promises";
import decodeJpeg, { init as initJpeg } from "@jsquash/jpeg/decode.js";
import decodePng, { init as initPng } from "@jsquash/png/decode.js";
import decodeWebp, { init as initWebp } from "@jsquash/webp/decode.js";
import type { ImageFormat } from "../../../images/encoded";
import type { Pixels } from "../../../worker/pixels/read";

/** A decoder compiled to WebAssembly. */
interface Decoder {
  init: (module: WebAssembly.Module, options: { printErr: () => void }) => Promise<unknown>;
  decode: (file: ArrayBuffer) => Promise<ImageData>;
  /** The address of its wasm code. */
  code: URL;
}

/** mozjpeg (libjpeg-turbo, as browsers have it), the `png` crate and libwebp. */
const DECODERS: Record<ImageFormat, Decoder> = {
  jpeg: {
    init: initJpeg as Decoder["init"],
    decode: decodeJpeg,
    code: new URL(
      "../../../../node_modules/@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm",
      import.meta.url,
    ),
  },
  png: {
    init: initPng as Decoder["init"],
    decode: decodePng,
    code: new URL(
      "../../../../node_modules/@jsquash/png/codec/pkg/squoosh_png_bg.wasm",
      import.meta.url,
    ),
  },
  webp: {
    init: initWebp as Decoder["init"],
    decode: decodeWebp,
    code: new URL(
      "../../../../node_modules/@jsquash/webp/codec/dec/webp_dec.wasm",
      import.meta.url,
    ),
  },
};

const ready = new Map<ImageFormat, Promise<unknown>>();

/** Decodes a file as it is stored, not turned. */
export async function decode(format: ImageFormat, file: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  const decoder = DECODERS[format];
  const initialised = ready.get(format) ?? initialise(decoder);
  ready.set(format, initialised);
  try {
    await initialised;
    const { data, width, height } = await decoder.decode(file.buffer);
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height };
  } catch (thrown) {
    // A decoder that has failed may be in no state to decode another file.
    ready.delete(format);
    throw thrown;
  }
}

async function initialise({ init, code }: Decoder): Promise<void> {
  // What is wrong with an image is in the error, not on the console.
  await init(await WebAssembly.compile(await readFile(code)), { printErr: () => {} });
}
