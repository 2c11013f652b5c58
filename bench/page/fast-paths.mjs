import { openWorker } from "./open-worker.mjs";

/** What bench/lib/fast-paths.mjs calls: the functions of bench/fast-paths. */
globalThis.fastPaths = {
  /** In the page's own thread, whose processor time the browser counts. */
  open: async (folder) => {
    const module = await import(`${folder}/fast_paths.js`);
    await module.default();
    Object.assign(fastPaths, module);
  },

  /** In a worker, because a page's own thread must not wait for others. */
  openWithThreads: async (folder, threads) => {
    const { remote, call } = openWorker("fast-paths-worker.mjs", "Fast paths");
    await call(remote.open(folder, threads));
    for (const name of ["layer", "prepare", "time"]) {
      fastPaths[name] = (...args) => call(remote[name](...args));
    }
  },
};
