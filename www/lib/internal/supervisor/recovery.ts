import type { DeviceReport } from "../../../protocol/types";

/** Why a worker has to be replaced. */
export interface Trouble {
  code: "runtime-crashed" | "device-lost" | "device-failed";
  /** What happened: the panic's, the trap's or the driver's message. */
  message: string;
  /** The id of the model that was being built or run when the code died, if any. */
  model?: number;
  /** Whether it was being built. */
  building?: boolean;
}

/** The state in which trouble comes. */
export interface Standing {
  /** What the worker computes on, once it is known. */
  device: DeviceReport["kind"] | undefined;
  /** The id of the loaded model. */
  model: number | undefined;
  /** Whether that model has classified an image since it was loaded. */
  isProven: boolean;
  /** Whether the GPU replaced a lost one and has not classified an image yet. */
  isSecondGpu: boolean;
  /** How often the code was restarted after a crash that no model is to blame for. */
  restarts: number;
}

/** What to do about it. */
export interface Step {
  /** What replaces the worker: one on the CPU, on a device by the chosen policy, on the same kind of device, or none. */
  to: "cpu" | "chosen" | "same" | "nowhere";
  /** Whether it counts as a restart. */
  counts: boolean;
  /** The id of the model that is to blame, and is not loaded again by itself. */
  culprit?: number;
}

/** How often the code is restarted after crashes that no model is to blame for. */
export const MOST_RESTARTS = 3;

/** Decides what replaces a worker, and whether its model is loaded again. */
export function afterTrouble(trouble: Trouble, standing: Standing): Step {
  if (trouble.code === "device-failed") return { to: "cpu", counts: false };
  if (trouble.code === "device-lost") {
    // Two losses without a result in between lead to the CPU, so this needs no count.
    return { to: standing.isSecondGpu ? "cpu" : "chosen", counts: false };
  }
  const { model, building } = trouble;
  // A model that has answered before is not what makes the code crash.
  const isTrusted = model === standing.model && standing.isProven && !building;
  if (model === undefined || isTrusted) {
    return { to: standing.restarts < MOST_RESTARTS ? "cpu" : "nowhere", counts: true };
  }
  // On a GPU the cause may be the GPU's code, so the model is tried on the CPU once.
  if (standing.device === "webgpu") return { to: "cpu", counts: false };
  return { to: "same", counts: false, culprit: model };
}
