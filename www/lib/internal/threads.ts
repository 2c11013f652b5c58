import { toResNetError } from "../../protocol/errors";
import type { ThreadNotice, ThreadOutcome } from "../../protocol/messages";

/** The worker threads of a worker, which end with it. */
export class WorkerThreads {
  readonly #workers = new Set<Worker>();
  readonly #start: () => Worker;

  /** @param start starts the script of a worker thread */
  constructor(start: () => Worker) {
    this.#start = start;
  }

  /** Starts one, and answers when it has joined or failed. */
  start({ thread, port }: ThreadNotice): void {
    const answer = (outcome: ThreadOutcome) => port.postMessage(outcome);
    let worker: Worker;
    try {
      worker = this.#start();
    } catch (thrown) {
      answer({ failed: toResNetError(thrown).message });
      return;
    }
    this.#workers.add(worker);
    // It posts one message only, when it has joined.
    worker.addEventListener("message", () => answer({ joined: true }));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      worker.terminate();
      this.#workers.delete(worker);
      answer({ failed: event.message || "a worker could not be started" });
    });
    worker.postMessage(thread);
  }

  /** Ends all of them. */
  end(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers.clear();
  }
}
