import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";

let module;

Comlink.expose({
  /** Starts a worker for each thread but this one. */
  async open(folder, threads) {
    module = await import(`${folder}/fast_paths.js`);
    await module.default();
    const shared = { module: module.sharedModule(), memory: module.sharedMemory() };
    const starting = Array.from({ length: threads - 1 }, () => {
      const worker = new Worker(new URL("fast-paths-thread.mjs", import.meta.url), {
        type: "module",
      });
      return new Promise((resolve, reject) => {
        worker.addEventListener("message", resolve);
        worker.addEventListener("error", ({ message }) => reject(new Error(message)));
        worker.postMessage({ folder, shared });
      });
    });
    await Promise.all(starting);
  },

  layer: (...layer) => module.layer(...layer),
  prepare: (path) => module.prepare(path),

  /** Milliseconds of `times` convolutions on so many threads. */
  time(path, times, threads) {
    const count = module.setThreads(threads);
    if (count !== threads) throw new Error(`expected ${threads} threads, found ${count}`);
    const start = performance.now();
    module.run(path, times);
    return performance.now() - start;
  },
});
