import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";

/**
 * A worker of this folder: `remote` is what it exposes, and `call` waits for one of its answers but
 * fails, naming the worker's `owner`, when the worker does, or when there is a `limit` and it takes
 * more milliseconds.
 */
export function openWorker(file, owner, limit) {
  const worker = new Worker(new URL(file, import.meta.url), { type: "module" });
  const failed = new Promise((_, reject) => {
    worker.addEventListener("error", ({ message }) => {
      reject(new Error(`${owner}: ${message ?? "its worker could not be started"}`));
    });
  });
  return {
    remote: Comlink.wrap(worker),
    call: (answer) => within(limit, Promise.race([answer, failed]), owner),
    terminate: () => worker.terminate(),
  };
}

async function within(limit, answer, owner) {
  if (limit === undefined) return answer;
  let timer;
  const late = new Promise((_, reject) => {
    const tell = () => reject(new Error(`${owner}: no answer within ${limit / 1000} s`));
    timer = setTimeout(tell, limit);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
