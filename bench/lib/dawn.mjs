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
  Object.assign(globalThis, globals, { Window: class {} });
  Object.defineProperty(globalThis, "navigator", { value: { gpu: offered }, configurable: true });
  return dawn;
}
