import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";

/** A contender in a worker of its own, ready to run on `model` (see worker.mjs). */
export async function openContender(contender, model) {
  const worker = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
  const failed = new Promise((_, reject) => {
    worker.addEventListener("error", ({ message }) => {
      reject(new Error(`${contender.name}: ${message ?? "its worker could not be started"}`));
    });
  });
  const remote = Comlink.wrap(worker);
  const call = (work) => Promise.race([work, failed]);
  await call(remote.prepare(contender, model));
  return {
    /** Milliseconds of one run. */
    run: () => call(remote.run()),
    /** The last run's logits. */
    logits: () => call(remote.logits()),
    close: async () => {
      await call(remote.dispose());
      worker.terminate();
    },
  };
}
