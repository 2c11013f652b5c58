import type { DevicePolicy, ThreadCount, WeightChoices } from "resnet-web";
import { withoutUser } from "./address";
import { readChoices, writeChoices } from "./model/choices";
import { readThreshold, readTop, type View } from "./results/view";
import { readThreads } from "./status/threads";

const POLICIES: readonly DevicePolicy[] = ["auto", "fastest", "cpu", "webgpu"];

/** What the page's address asks for. */
export interface Settings {
  /** `?device=cpu`, `?device=webgpu` or `?device=fastest`. */
  device: DevicePolicy;
  /** `?weights=ADDRESS`: a weight file of this server's, or of one that allows it by CORS; `hf:owner/name`. */
  weights: string | null;
  /** `?stride=conv1`, `?normalisation=symmetric&resize=256&crop=224&filter=bicubic`, `?arithmetic=int8`: what the weight file may not say. */
  choices: WeightChoices;
  /** `?threads=N` or `?threads=auto`: on how many threads the CPU computes; null leaves it to the person. */
  threads: ThreadCount | null;
  /** `?top=N`: how many classes are shown; null leaves it to the person. */
  top: number | null;
  /** `?threshold=PERCENT`: how probable they have to be, here 0 to 1. */
  threshold: number | null;
  /** `?isolation=off`: the service worker does not isolate the page. */
  isolationOff: boolean;
  /** `?offline=off`: the service worker is removed, with all it keeps of the page. */
  offlineOff: boolean;
}

/** Reads the address's query; what it does not understand is as if it were not there. */
export function readSettings(query: string): Settings {
  const parameters = new URLSearchParams(query);
  const device = parameters.get("device");
  return {
    device: readDevice(device) ?? "auto",
    weights: parameters.get("weights") || null,
    choices: readChoices(parameters),
    threads: readThreads(parameters.get("threads")),
    top: readTop(parameters.get("top")),
    threshold: readThreshold(parameters.get("threshold")),
    isolationOff: parameters.get("isolation") === "off",
    offlineOff: parameters.get("offline") === "off",
  };
}

/** A device's policy by its name. */
export function readDevice(name: string | null): DevicePolicy | null {
  return POLICIES.find((policy) => policy === name) ?? null;
}

/** What a link restores. */
export interface Shared extends View {
  device: DevicePolicy;
  threads: ThreadCount;
  /** An address of weights; null for the default ones. */
  weights: string | null;
  choices: WeightChoices;
}

/** The page's address with these settings, and nothing of the photo nor of anybody's password. */
export function shareLink(page: string, shared: Shared): string {
  const link = new URL(page);
  link.username = "";
  link.password = "";
  link.hash = "";
  link.search = "";
  const { device, threads, weights, choices, top, threshold } = shared;
  if (device !== "auto") link.searchParams.set("device", device);
  if (threads !== "auto") link.searchParams.set("threads", String(threads));
  if (weights) link.searchParams.set("weights", withoutUser(weights, link.href));
  writeChoices(choices, link.searchParams);
  link.searchParams.set("top", String(top));
  if (threshold > 0) link.searchParams.set("threshold", String(Math.round(100 * threshold)));
  return link.href;
}
