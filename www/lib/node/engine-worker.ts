import { Worker } from "node:worker_threads";
import * as Comlink from "comlink";
import { ResNetError } from "../../protocol/errors";
import type { Settled, WorkerNotice } from "../../protocol/messages";
import { Calls } from "../internal/calls";
import type { Engine } from "./engine/engine";

/** The worker that runs the network, with its threads. It keeps the process alive only while a call is under way. */
export class EngineWorker {
  readonly #worker: Worker;
  readonly #engine: Comlink.Remote<Engine>;
  readonly #calls = new Calls();
  #underWay = 0;

  constructor() {
    // Not the options that Node itself was started with: a worker refuses some of them, such as --input-type.
    this.#worker = new Worker(new URL("./engine/engine.ts", import.meta.url), { execArgv: [] });
    this.#worker.unref();
    this.#engine = Comlink.wrap<Engine>(endpointOf(this.#worker));
    this.#worker.on("message", (notice: WorkerNotice | { type: unknown }) => {
      // Comlink's answers have a type.
      if ("type" in notice) return;
      if ("crashed" in notice) this.#end("runtime-crashed", notice.crashed);
    });
    this.#worker.on("error", (error) => this.#end("runtime-crashed", error.message));
    this.#worker.on("exit", (code) => this.#end("runtime-crashed", `it exited with ${code}`));
  }

  /** Whether the worker has ended: every call fails. */
  get hasEnded(): boolean {
    return this.#calls.haveEnded;
  }

  /** Calls into the worker. Fails at once when the worker ends. */
  async call<T>(work: (engine: Comlink.Remote<Engine>) => Promise<Settled<T>>): Promise<T> {
    this.#underWay += 1;
    this.#worker.ref();
    try {
      const settled = await this.#calls.make(() => work(this.#engine));
      if (settled.ok) return settled.value;
      throw new ResNetError(settled.error.code, settled.error.message);
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#worker.unref();
    }
  }

  /** Cancels a call with an image. */
  cancel(call: number): void {
    if (!this.hasEnded) void this.#engine.cancel(call).catch(() => {});
  }

  /** Ends the worker with its threads; calls under way fail with `error`. */
  close(error: ResNetError): void {
    this.#calls.end(error);
    void this.#worker.terminate();
  }

  #end(code: "runtime-crashed", message: string): void {
    this.close(
      new ResNetError(
        code,
        `The code that runs the network stopped unexpectedly (${message}). It is started again by the next call.`,
      ),
    );
  }
}

/** A worker of Node's as Comlink wants one: as browsers have it. */
function endpointOf(worker: Worker): Comlink.Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    addEventListener: (type, listener) => {
      const listen = typeof listener === "function" ? listener : listener.handleEvent;
      const hear = (data: unknown) => listen({ data } as MessageEvent);
      listeners.set(listener, hear);
      worker.on(type, hear);
    },
    removeEventListener: (type, listener) => {
      const hear = listeners.get(listener);
      if (hear) worker.off(type, hear);
      listeners.delete(listener);
    },
  };
}
