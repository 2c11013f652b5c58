import { parentPort, Worker } from "node:worker_threads";
import { toResNetError } from "../../../protocol/errors";
import type { ThreadNotice, ThreadOutcome, WorkerNotice } from "../../../protocol/messages";

/**
 * Takes the place of `www/worker/post.ts` in Node: posts a notice to the library, but starts worker threads itself. They end
 * with this worker, and their memory is never in the library's own thread, where it would stay until garbage is collected.
 */
export function post(notice: WorkerNotice): void {
  if ("thread" in notice) startThread(notice);
  else parentPort?.postMessage(notice);
}

function startThread({ thread, port }: ThreadNotice): void {
  const answer = (outcome: ThreadOutcome) => port.postMessage(outcome);
  try {
    const worker = new Worker(new URL("./thread.ts", import.meta.url));
    // It posts one message only, when it has joined.
    worker.once("message", () => answer({ joined: true }));
    worker.on("error", ({ message }) => answer({ failed: message }));
    worker.postMessage(thread);
  } catch (thrown) {
    answer({ failed: toResNetError(thrown).message });
  }
}
