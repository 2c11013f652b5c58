import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { place } from "../../tools/lib/places.mjs";

/**
 * Gives this process WebGPU, as a page has it. While `hidesF16` of the returned object is true, adapters
 * hide `shader-f16`.
 */
export async function openDawn(backend) {
  // It has a lock file of its own, so it cannot be found from here by its name.
  const { create, globals } = await import(
    pathToFileURL(place("bench", "dawn", "node_modules", "webgpu", "index.js"))
  );
  const gpu = create([`backend=${backend}`]);
  const dawn = { hidesF16: false };
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  const offered = {
    requestAdapter: async (options) => {
      const adapter = await requestAdapter(options);
      if (adapter && dawn.hidesF16) {
        const features = new Set([...adapter.features].filter((name) => name !== "shader-f16"));
        Object.defineProperty(adapter, "features", { value: features });
      }
      return adapter;
    },
  };
  Object.assign(globalThis, globals, { Window: class {}, FileReaderSync });
  Object.defineProperty(globalThis, "navigator", { value: { gpu: offered }, configurable: true });
  return dawn;
}

/** One of the project's wasm modules. */
export async function loadModule(folder) {
  const module = await import(pathToFileURL(place(folder, "resnet_web.js")));
  const wasm = readFileSync(place(path.join(folder, "resnet_web_bg.wasm")));
  await module.default({ module_or_path: wasm });
  // A panic in an async function leaves its promise pending for ever.
  module.setPanicListener((message) => {
    console.error(message);
    process.exit(1);
  });
  return module;
}

/** The part of a blob that the module uses: Node's own can only be read asynchronously. */
export function bytesOf(buffer) {
  return {
    buffer,
    size: buffer.byteLength,
    slice: (start, end) => bytesOf(buffer.subarray(start, end)),
  };
}

/** Reads the blobs of `bytesOf`. */
class FileReaderSync {
  readAsArrayBuffer({ buffer: { buffer, byteOffset, byteLength } }) {
    return buffer.slice(byteOffset, byteOffset + byteLength);
  }
}
