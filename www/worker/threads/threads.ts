import { threads } from "wasm-feature-detect";
import type { ThreadedModule, ThreadOutcome, ThreadStart } from "../../protocol/messages";
import type { ThreadCount, ThreadObstacle, ThreadStatus } from "../../protocol/types";
import type * as ThreadsModule from "../../wasm/cpu-threads/resnet_web";
import { type Clock, within } from "../clock";
import { post } from "../post";

/** What the modules with threads export beside what all do. */
export type SharingModule = Pick<
  typeof ThreadsModule,
  "workerThreads" | "setThreads" | "sharedMemory" | "sharedModule"
>;

/** More hardly ever are worth it: the network's last layers are small. */
const MOST = 8;

/** The time limit for a worker thread to join. */
const JOINING: Clock = {
  milliseconds: 10_000,
  otherwise: "a worker thread did not join within 10 seconds",
};

/** What rules out more than one thread before any code is loaded; null if nothing does. */
export async function whyOneThread(): Promise<ThreadObstacle | null> {
  if (processors() < 2) return "one-processor";
  // Before the next one: without isolation there is no shared memory to try it with.
  if (!globalThis.crossOriginIsolated) return "not-isolated";
  return (await threads()) ? null : "unsupported";
}

/** One thread, and why. */
export function oneThread(obstacle: ThreadObstacle): ThreadStatus {
  return { count: 1, most: 1, obstacle };
}

/** The thread pool of a module. */
export class Threads {
  readonly #module: SharingModule;
  readonly #name: ThreadedModule;
  #count = 1;

  constructor(module: SharingModule, name: ThreadedModule) {
    this.#module = module;
    this.#name = name;
  }

  get status(): ThreadStatus {
    return { count: this.#count, most: mostThreads() };
  }

  /**
   * Computes on so many threads, and starts those that are missing. If some do not join in time, there are fewer.
   *
   * @throws if none joins
   */
  async set(wanted: ThreadCount): Promise<void> {
    const count = threadsFor(wanted, mostThreads());
    const missing = Math.max(0, count - 1 - this.#module.workerThreads());
    const starts = Array.from({ length: missing }, () => within(JOINING, () => this.#start()));
    const faults = (await Promise.allSettled(starts)).filter(({ status }) => status === "rejected");
    this.#count = this.#module.setThreads(count);
    const [fault] = faults as PromiseRejectedResult[];
    if (!fault) return;
    if (this.#count === 1) throw fault.reason;
    console.warn(fault.reason);
  }

  /**
   * Has the library start a worker thread and waits until it has joined. A late one is not terminated: it might have joined
   * just before, and the caller would then wait for its share of the work.
   */
  #start(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const thread: ThreadStart = {
      name: this.#name,
      module: this.#module.sharedModule() as WebAssembly.Module,
      memory: this.#module.sharedMemory() as WebAssembly.Memory,
    };
    return new Promise((resolve, reject) => {
      port1.onmessage = ({ data }: MessageEvent<ThreadOutcome>) => {
        port1.close();
        if ("joined" in data) resolve();
        else reject(new Error(data.failed));
      };
      post({ thread, port: port2 }, [port2]);
    });
  }
}

/** How many threads to compute on, of `most` at most. */
export function threadsFor(wanted: ThreadCount, most: number): number {
  return wanted === "auto" ? most : Math.min(Math.max(Math.round(wanted) || 1, 1), most);
}

function mostThreads(): number {
  return Math.min(processors(), MOST);
}

function processors(): number {
  return navigator.hardwareConcurrency || 1;
}
