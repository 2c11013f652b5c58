import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";

/**
 * A worker of this folder: `remote` is what it exposes, and `call` waits for one of its answers but
 * fails, naming the worker's `owner`, when the worker does.
 */
export function openWorker(file, owner) {
  const worker = new Worker(new URL(file, import.meta.url), { type: "module" });
  const failed = new Promise((_, reject) => {
    worker.addEventListener("error", ({ message }) => {
      reject(new Error(`${owner}: ${message ?? "its worker could not be started"}`));
    });
  });
  return {
    remote: Comlink.wrap(worker),
    call: (answer) => Promise.race([answer, failed]),
    terminate: () => worker.terminate(),
  };
}
