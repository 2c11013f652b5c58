import type { Preprocessing, PreprocessingChoice } from "resnet-web";

/** Means and deviations that networks are trained with, of values from 0 to 1. */
const NORMALISATIONS = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  symmetric: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  none: { mean: [0, 0, 0], std: [1, 1, 1] },
} satisfies Record<string, Pick<Preprocessing, "mean" | "std">>;

/** One of the usual normalisations of images. */
export type Normalisation = keyof typeof NORMALISATIONS;

/** The preprocessing with another normalisation. */
export function normalised<T extends PreprocessingChoice>(preprocessing: T, name: Normalisation) {
  return { ...preprocessing, ...NORMALISATIONS[name] };
}

/** The name of a preprocessing's normalisation, if it is a usual one. */
export function normalisationOf(
  preprocessing: Pick<Preprocessing, "mean" | "std">,
): Normalisation | undefined {
  const names = Object.keys(NORMALISATIONS) as Normalisation[];
  return names.find((name) => isSame(NORMALISATIONS[name], preprocessing));
}

/** Files keep these numbers as 32-bit floats. */
function isSame(
  a: Pick<Preprocessing, "mean" | "std">,
  b: Pick<Preprocessing, "mean" | "std">,
): boolean {
  const near = (x: readonly number[], y: readonly number[]) =>
    x.every((value, i) => Math.abs(value - (y[i] ?? Number.NaN)) < 1e-4);
  return near(a.mean, b.mean) && near(a.std, b.std);
}
