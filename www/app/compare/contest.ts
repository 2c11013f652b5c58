import type { DevicePolicy, ImageClassification, WeightOptions, WeightSource } from "resnet-web";
import type { Wanted } from "../store/model";

/** Against what the page's model is held. */
export type Opponent = "int8" | "f32" | "cpu" | "webgpu" | "file";

/** How the other classifier is made. */
export interface Contender {
  device: DevicePolicy;
  weights: WeightSource;
  options: WeightOptions;
}

/** What both classifiers make of a photo, in a nutshell. */
export interface Agreement {
  /** Whether both find the same class most probable. */
  same: boolean;
  /** The largest difference between two probabilities of one class, 0 to 1; null where their classes are others. */
  difference: number | null;
  /** The other one's network time, as a part of the page's. */
  time: number;
}

/** What an opponent is, beside a page's classifier with this model on this device. */
export function contender(
  opponent: Opponent,
  { source: weights, choices, externalData, labels }: Wanted,
  device: DevicePolicy,
  file: File | null,
): Contender | null {
  // What a person chose for these weights holds for them wherever they run.
  const options = {
    ...choices,
    ...(externalData && { externalData }),
    ...(labels !== undefined && { labels }),
  };
  switch (opponent) {
    case "int8":
    case "f32":
      // Eight-bit arithmetic is the CPU's.
      return { device: "cpu", weights, options: { ...options, arithmetic: opponent } };
    case "cpu":
    case "webgpu":
      return { device: opponent, weights, options };
    case "file":
      return file && { device, weights: file, options: {} };
  }
}

/** Holds what one classifier says against what the other does. */
export function agreement(own: ImageClassification, other: ImageClassification): Agreement {
  const [label, otherLabel] = [own.top[0]?.label, other.top[0]?.label];
  const probabilities = new Map(other.top.map(({ label, probability }) => [label, probability]));
  const differences = own.top.flatMap(({ label, probability }) => {
    const found = probabilities.get(label);
    return found === undefined ? [] : [Math.abs(found - probability)];
  });
  const comparable = differences.length === own.top.length && own.top.length === other.top.length;
  return {
    same: label === otherLabel,
    difference: comparable ? differences.reduce((max, value) => Math.max(max, value), 0) : null,
    time: other.networkMilliseconds / own.networkMilliseconds,
  };
}
