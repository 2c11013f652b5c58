import { openWorker } from "./open-worker.mjs";

let workers = [];

/** What bench/lib/roofline.mjs calls. */
globalThis.roofline = {
  open: async (module, threads) => {
    workers = Array.from({ length: threads }, () => openWorker("roofline-worker.mjs", "Roofline"));
    await Promise.all(workers.map(({ remote, call }) => call(remote.open(module))));
  },

  /** Milliseconds from the first thread's start to the last one's end, all doing the same at once. */
  run: async (threads, kernel, amount) => {
    const spans = await Promise.all(
      workers.slice(0, threads).map(({ remote, call }) => call(remote.run(kernel, amount))),
    );
    const start = Math.min(...spans.map((span) => span.start));
    return Math.max(...spans.map((span) => span.end)) - start;
  },
};
