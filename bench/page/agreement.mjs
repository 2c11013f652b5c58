import { openWorker } from "./open-worker.mjs";

const { remote, call } = openWorker("agreement-worker.mjs", "Agreement");

/** What bench/lib/agreement.mjs calls. */
globalThis.agreement = {
  open: (job) => call(remote.open(job)),
  classify: (view) => call(remote.classify(view)),
};
