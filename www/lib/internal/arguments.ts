import { type ErrorCode, ResNetError } from "../../protocol/errors";
import type { DevicePolicy, EvidenceFor, ThreadCount } from "../../protocol/types";

/** The largest number that wasm takes as it is. It converts any other to one that was not meant, and so does a fraction. */
const MOST = 2 ** 32 - 1;

/** Refuses a number of classes, or a class, that cannot be asked for. */
export function checkClassifyOptions(
  top: number,
  evidence: EvidenceFor | undefined,
  embedding: boolean,
): void {
  check(top, 1, "argument", "top", "how many classes to return");
  checkFlag(embedding, "embedding", "to have the embedding returned, too");
  if (typeof evidence === "number") {
    check(evidence, 0, "class-index", "Class index", "the index of a class");
  }
}

/** Refuses what says neither yes nor no. */
export function checkEmbedOptions(normalize: boolean): void {
  checkFlag(normalize, "normalize", "to have the embedding divided by its length");
}

const DEVICES: Record<DevicePolicy, true> = {
  auto: true,
  fastest: true,
  cpu: true,
  webgpu: true,
};

/** Refuses a device that there is none of. */
export function checkDevice(policy: DevicePolicy): void {
  if (Object.hasOwn(DEVICES, policy)) return;
  const known = Object.keys(DEVICES).map((each) => JSON.stringify(each));
  throw new ResNetError(
    "argument",
    `device is ${shown(policy)}, which is none. Pass ${known.join(", ")}.`,
  );
}

/** Refuses a number of threads that there cannot be. More than there can be are as many as there can be. */
export function checkThreads(count: ThreadCount): void {
  if (count === "auto") return;
  check(count, 1, "argument", "threads", 'how many threads to compute on, or "auto"');
}

/** Refuses a number of images that cannot be under way at a time. */
export function checkConcurrency(count: number): void {
  check(count, 1, "argument", "concurrency", "how many images are to be under way at a time");
}

/** Refuses what cannot be the numbers of an inspection's layer and of its feature maps. */
export function checkFeatureMaps(place: number, from: number, count: number): void {
  check(place, 0, "argument", "place", "the place of a layer among the inspection's layers");
  check(from, 0, "argument", "from", "the number of the first feature map");
  check(count, 0, "argument", "count", "how many feature maps to return");
}

/** Refuses pixels that are not in whole rows and columns. */
export function checkPixels({ width, height }: { width: number; height: number }): void {
  check(width, 1, "image-size", "The image's width", "the number of pixels in a row");
  check(height, 1, "image-size", "The image's height", "the number of rows");
}

function checkFlag(value: unknown, name: string, meaning: string): void {
  if (typeof value === "boolean") return;
  throw new ResNetError(
    "argument",
    `${name} is ${shown(value)}, neither true nor false. Pass true ${meaning}.`,
  );
}

function check(
  value: unknown,
  least: number,
  code: ErrorCode,
  name: string,
  meaning: string,
): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= MOST) return;
  const isClass = code === "class-index";
  const what = isClass ? `${name} ${shown(value)} is not` : `${name} is ${shown(value)}, not`;
  throw new ResNetError(code, `${what} an integer from ${least} on. Pass ${meaning}.`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
