import type { GpuNotice } from "../worker/gpu-health";

/** The worker's script runs and receives calls. */
export interface StartNotice {
  started: true;
}

/** A network is being built, in one long synchronous call, or that is over. */
export interface BuildNotice {
  /** The id of the load; null when it is over. */
  building: number | null;
}

/** The wasm code has died. The worker answers nothing more. */
export interface CrashNotice {
  /** The message of the panic or the trap. */
  crashed: string;
  /** The id of the model that was being built or run, if any. */
  model?: number;
}

/** The messages of a worker that are no answers of Comlink's. */
export type WorkerNotice = StartNotice | BuildNotice | CrashNotice | GpuNotice;

/** Posts a notice to the page. */
export function post(notice: WorkerNotice): void {
  self.postMessage(notice);
}
