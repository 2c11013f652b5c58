import type { DevicePolicy, ThreadCount } from "../lib";
import { readThreads } from "./status/threads";

const POLICIES: readonly DevicePolicy[] = ["auto", "fastest", "cpu", "webgpu"];

/** What is made to go wrong once. */
export type Fault = "panic" | "device-lost";

/** What the page's address asks for. */
export interface Settings {
  /** `?device=cpu`, `?device=webgpu` or `?device=fastest`. */
  device: DevicePolicy;
  /** `?weights=ADDRESS`: a weight file of this server's, or of one that allows it by CORS. */
  weights: string | null;
  /** `?threads=N` or `?threads=auto`: on how many threads the CPU computes; null leaves it to the person. */
  threads: ThreadCount | null;
  /** `?isolation=off`: the service worker that isolates the page is removed. */
  isolationOff: boolean;
  /**
   * `?fault=panic`: the first classification crashes the code; `?fault=device-lost`: it loses the GPU's device. To see the
   * page recover.
   */
  fault: Fault | null;
}

/** Reads the address's query; what it does not understand is as if it were not there. */
export function readSettings(query: string): Settings {
  const parameters = new URLSearchParams(query);
  const device = parameters.get("device");
  const fault = parameters.get("fault");
  return {
    device: readDevice(device) ?? "auto",
    weights: parameters.get("weights") || null,
    threads: readThreads(parameters.get("threads")),
    isolationOff: parameters.get("isolation") === "off",
    fault: fault === "panic" || fault === "device-lost" ? fault : null,
  };
}

/** A device's policy by its name. */
export function readDevice(name: string | null): DevicePolicy | null {
  return POLICIES.find((policy) => policy === name) ?? null;
}
