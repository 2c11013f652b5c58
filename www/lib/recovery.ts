import type { DeviceReport } from "./types";

/** Why a worker has to be replaced. */
export interface Trouble {
  code: "runtime-crashed" | "device-lost" | "device-failed";
  /** What happened, in the words of whoever noticed it. */
  message: string;
  /** The number of the model that was being built or run when the code died, if one was. */
  model?: number;
  /** Whether it was being built. */
  building?: boolean;
}

/** How things stand when trouble comes. */
export interface Standing {
  /** What the worker computes on, once that is known. */
  device: DeviceReport["kind"] | undefined;
  /** The number of the model that is loaded. */
  model: number | undefined;
  /** Whether that has answered since it was loaded. */
  isProven: boolean;
  /** Whether the GPU came in a lost one's place and has classified nothing yet. */
  isSecondGpu: boolean;
  /** How often code was started anew because it crashed without a culprit. */
  restarts: number;
}

/** What comes of it. */
export interface Step {
  /** Where it goes on: on the CPU, on another device of the kind that was chosen, on one like the one before, or nowhere. */
  to: "cpu" | "chosen" | "same" | "nowhere";
  /** Whether it counts as a restart. */
  counts: boolean;
  /** The model that crashed the code and is not loaded again by itself. */
  culprit?: number;
}

/** How often code that crashes without a culprit is started anew before that is given up. */
export const MOST_RESTARTS = 3;

/** Decides what replaces a worker, and what is not to be loaded into it again. */
export function afterTrouble(trouble: Trouble, standing: Standing): Step {
  if (trouble.code === "device-failed") return { to: "cpu", counts: false };
  if (trouble.code === "device-lost") {
    // A lost device is no fault of the code's, and how often that can happen without any result is limited by itself.
    return { to: standing.isSecondGpu ? "cpu" : "chosen", counts: false };
  }
  const { model, building } = trouble;
  // What has answered before does not crash by itself.
  const isTrusted = model === standing.model && standing.isProven && !building;
  if (model === undefined || isTrusted) {
    return { to: standing.restarts < MOST_RESTARTS ? "cpu" : "nowhere", counts: true };
  }
  // On a GPU it may have been the GPU's code: the CPU's is tried once.
  if (standing.device === "webgpu") return { to: "cpu", counts: false };
  return { to: "same", counts: false, culprit: model };
}
