import type { Preprocessing, PreprocessingChoice } from "resnet-web";

/** Means and deviations that networks are trained with, of values from 0 to 1. */
const NORMALISATIONS = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  symmetric: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  none: { mean: [0, 0, 0], std: [1, 1, 1] },
} satisfies Record<string, Pick<Preprocessing, "mean" | "std">>;

/** One of the usual normalisations of images. */
export type Normalisation = keyof typeof NORMALISATIONS;

/** The preprocessing with another normalisation, in its own range. */
export function normalised<T extends PreprocessingChoice>(preprocessing: T, name: Normalisation) {
  const { range = 1 } = preprocessing;
  const { mean, std } = NORMALISATIONS[name];
  const inRange = (value: number) => tidy(value * range);
  return {
    ...preprocessing,
    mean: mean.map(inRange) as Preprocessing["mean"],
    std: std.map(inRange) as Preprocessing["std"],
  };
}

/** The name of a preprocessing's normalisation, if it is a usual one. */
export function normalisationOf({
  mean,
  std,
  range,
}: Pick<Preprocessing, "mean" | "std" | "range">): Normalisation | undefined {
  const names = Object.keys(NORMALISATIONS) as Normalisation[];
  // Files keep these numbers as 32-bit floats.
  const near = (found: readonly number[], usual: readonly number[]) =>
    found.every((value, i) => Math.abs(value / range - (usual[i] ?? Number.NaN)) < 1e-4);
  return names.find(
    (name) => near(mean, NORMALISATIONS[name].mean) && near(std, NORMALISATIONS[name].std),
  );
}

/** A 32-bit number in as few digits as it was written with. */
export function tidy(value: number): number {
  return Number(value.toPrecision(7));
}
