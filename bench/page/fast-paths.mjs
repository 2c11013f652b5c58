/** What bench/lib/fast-paths.mjs calls: the functions of bench/fast-paths. */
globalThis.fastPaths = {
  open: async (module) => {
    const { instance } = await WebAssembly.instantiateStreaming(fetch(module));
    Object.assign(fastPaths, instance.exports);
  },
};
