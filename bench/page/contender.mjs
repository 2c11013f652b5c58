import { openWorker } from "./open-worker.mjs";

/** A contender in a worker of its own, ready to run on `model` (see worker.mjs). */
export async function openContender(contender, model) {
  const { remote, call, terminate } = openWorker("worker.mjs", contender.name);
  await call(remote.prepare(contender, model));
  return {
    /** Milliseconds of one run. */
    run: () => call(remote.run()),
    /** The last run's logits. */
    logits: () => call(remote.logits()),
    close: async () => {
      await call(remote.dispose());
      terminate();
    },
  };
}
