import type { GpuNotice } from "./gpu-watch";

/** The worker's own script runs: from now on calls are heard. */
export interface StartNotice {
  started: true;
}

/** A network is being built, which is one long synchronous call, or nothing is any more. */
export interface BuildNotice {
  /** The number of the load; null when it is over. */
  building: number | null;
}

/** The wasm code has died. Nothing is answered any more. */
export interface CrashNotice {
  /** What it said. */
  crashed: string;
  /** The number of the model that was being built or run, if one was. */
  model?: number;
}

/** What a worker posts unasked, beside Comlink's answers. */
export type WorkerNotice = StartNotice | BuildNotice | CrashNotice | GpuNotice;

/** Posts a notice to the page. */
export function post(notice: WorkerNotice): void {
  self.postMessage(notice);
}
