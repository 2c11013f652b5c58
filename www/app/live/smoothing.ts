import type { Prediction } from "resnet-web";

/** A mean over the recent past, and when it was last added to. */
export interface Smoothed {
  /** In milliseconds. */
  time: number;
  /** The most probable first. */
  predictions: Prediction[];
}

/** Probabilities below this have faded away: they are not visible, and without a limit they would be kept for ever. */
const FADED = 1e-4;

/**
 * The exponential moving average of probabilities. What is `timeConstant` milliseconds old weighs 1/e, whatever number of
 * frames lies between; a class that a frame does not name has no probability in it.
 */
export function smoothed(
  before: Smoothed | null,
  predictions: readonly Prediction[],
  time: number,
  timeConstant: number,
): Smoothed {
  const past = before ? Math.exp(-Math.max(0, time - before.time) / timeConstant) : 0;
  const means = new Map<number, Prediction>();
  for (const prediction of before?.predictions ?? []) {
    means.set(prediction.index, {
      ...prediction,
      probability: past * prediction.probability,
    });
  }
  for (const prediction of predictions) {
    const mean = means.get(prediction.index)?.probability ?? 0;
    const probability = mean + (1 - past) * prediction.probability;
    means.set(prediction.index, { ...prediction, probability });
  }
  return {
    time,
    predictions: [...means.values()]
      .filter(({ probability }) => probability >= FADED)
      .sort((a, b) => b.probability - a.probability || a.index - b.index),
  };
}
