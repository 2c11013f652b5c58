import type { Prediction } from "resnet-web";
import { describe, expect, it } from "vitest";
import { type Smoothed, smoothed } from "./smoothing";

const TIME_CONSTANT = 500;
const LABELS = ["cat", "cup", "dog"];

/** Predictions of these probabilities for the classes 0, 1, 2. */
function predictions(probabilities: number[]): Prediction[] {
  return probabilities.map((probability, index) => ({
    index,
    label: LABELS[index] ?? "",
    probability,
  }));
}

/** What is left of one after `milliseconds`. */
const past = (milliseconds: number) => Math.exp(-milliseconds / TIME_CONSTANT);

interface Case {
  what: string;
  /** Frames: when, and what they show. */
  frames: [time: number, probabilities: number[]][];
  /** The mean after them, by class. */
  mean: Record<string, number>;
}

const CASES: Case[] = [
  {
    what: "the first frame counts in full",
    frames: [[0, [0.7, 0.3]]],
    mean: { cat: 0.7, cup: 0.3 },
  },
  {
    what: "the same again changes nothing",
    frames: [
      [0, [0.7, 0.3]],
      [40, [0.7, 0.3]],
      [90, [0.7, 0.3]],
    ],
    mean: { cat: 0.7, cup: 0.3 },
  },
  {
    what: "after the time constant the past weighs 1/e",
    frames: [
      [0, [1, 0]],
      [TIME_CONSTANT, [0, 1]],
    ],
    mean: { cup: 1 - past(TIME_CONSTANT), cat: past(TIME_CONSTANT) },
  },
  {
    what: "frames in between do not age the past faster",
    frames: [
      [0, [1, 0]],
      [100, [0, 1]],
      [200, [0, 1]],
      [TIME_CONSTANT, [0, 1]],
    ],
    mean: { cup: 1 - past(TIME_CONSTANT), cat: past(TIME_CONSTANT) },
  },
  {
    what: "a class that is not named any more fades",
    frames: [
      [0, [0.4, 0, 0.6]],
      [100, [1]],
    ],
    mean: { cat: 0.4 * past(100) + 1 - past(100), dog: 0.6 * past(100) },
  },
  {
    what: "after a long pause only the present counts, and what has faded is gone",
    frames: [
      [0, [1, 0]],
      [60_000, [0, 0.9]],
    ],
    mean: { cup: 0.9 },
  },
  {
    what: "a frame of the same moment adds nothing",
    frames: [
      [100, [1, 0]],
      [100, [0, 1]],
    ],
    mean: { cat: 1 },
  },
  {
    what: "a clock that goes back is taken as standing still",
    frames: [
      [100, [1, 0]],
      [50, [0, 1]],
    ],
    mean: { cat: 1 },
  },
];

describe("smoothing over time", () => {
  it.each(CASES)("$what", ({ frames, mean }) => {
    let state: Smoothed | null = null;
    for (const [time, probabilities] of frames) {
      state = smoothed(state, predictions(probabilities), time, TIME_CONSTANT);
    }
    const found = (state as Smoothed | null)?.predictions ?? [];
    expect(found.map(({ label }) => label)).toEqual(Object.keys(mean));
    for (const { label, probability } of found)
      expect(probability).toBeCloseTo(mean[label] ?? 0, 10);
  });

  it("puts the most probable first, and equals by their index", () => {
    const { predictions: sorted } = smoothed(null, predictions([0.2, 0.6, 0.2]), 0, TIME_CONSTANT);
    expect(sorted.map(({ label }) => label)).toEqual(["cup", "cat", "dog"]);
  });
});
