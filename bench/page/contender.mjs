import { openWorker } from "./open-worker.mjs";

/**
 * A contender in a worker of its own, ready to run on `model` (see worker.mjs). No call to it takes more
 * than `limit` milliseconds, if there is one.
 */
export async function openContender(contender, model, limit) {
  const { remote, call, terminate } = openWorker("worker.mjs", contender.name, limit);
  try {
    await call(remote.prepare(contender, model));
  } catch (error) {
    terminate();
    throw error;
  }
  return {
    /** Milliseconds of one run. */
    run: () => call(remote.run()),
    /** The last run's logits. */
    logits: () => call(remote.logits()),
    close: async () => {
      await call(remote.dispose());
      terminate();
    },
    terminate,
  };
}
