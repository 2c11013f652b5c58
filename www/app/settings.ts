import type { DevicePolicy, ThreadCount } from "../lib";
import { readThreads } from "./status/threads";

/** What the page's address asks for. */
export interface Settings {
  /** `?device=cpu` or `?device=webgpu`. */
  device: DevicePolicy;
  /** `?weights=ADDRESS`: a weight file of this server's, or of one that allows it by CORS. */
  weights: string | null;
  /** `?threads=N` or `?threads=auto`: on how many threads the CPU computes; null leaves it to the person. */
  threads: ThreadCount | null;
  /** `?isolation=off`: the service worker that isolates the page is removed. */
  isolationOff: boolean;
  /** `?fault=panic`: the first classification crashes the code, to see the page recover. */
  panicOnce: boolean;
}

/** Reads the address's query; what it does not understand is as if it were not there. */
export function readSettings(query: string): Settings {
  const parameters = new URLSearchParams(query);
  const device = parameters.get("device");
  return {
    device: device === "cpu" || device === "webgpu" ? device : "auto",
    weights: parameters.get("weights") || null,
    threads: readThreads(parameters.get("threads")),
    isolationOff: parameters.get("isolation") === "off",
    panicOnce: parameters.get("fault") === "panic",
  };
}
