import type { Prediction } from "resnet-web";
import { note, noted } from "../storage";

/** How much of a result is shown. */
export interface View {
  /** How many classes at most: 1 to 20. */
  top: number;
  /** How probable a class has to be, 0 to 1. The first is shown in any case. */
  threshold: number;
}

/** The most classes that are shown at a time. */
export const MOST = 20;
const USUAL: View = { top: 5, threshold: 0 };
const KEY = "resnet-web:view";

/** A number of classes of whatever text asks for it; null if it makes no sense. */
export function readTop(text: string | null): number | null {
  const top = Number(text);
  return text && Number.isInteger(top) && top >= 1 && top <= MOST ? top : null;
}

/** A threshold, 0 to 1, of a text in percent; null if it makes no sense. */
export function readThreshold(text: string | null): number | null {
  const percent = Number(text);
  return text && percent >= 0 && percent <= 100 ? percent / 100 : null;
}

/** The view that was chosen on an earlier visit, or the usual one. */
export function rememberedView(): View {
  const [top, threshold] = (noted("localStorage", KEY) ?? "").split(" ");
  return {
    top: readTop(top ?? null) ?? USUAL.top,
    threshold: readThreshold(threshold ?? null) ?? USUAL.threshold,
  };
}

/** Notes it for the next visit. */
export function rememberView({ top, threshold }: View): void {
  note("localStorage", KEY, `${top} ${Math.round(100 * threshold)}`);
}

/** What is shown of predictions, the most probable first. */
export function shown(predictions: readonly Prediction[], { top, threshold }: View): Prediction[] {
  return predictions
    .slice(0, top)
    .filter(({ probability }, i) => i === 0 || probability >= threshold);
}

/** A prediction and its place among all. */
export interface Ranked extends Prediction {
  rank: number;
}

/** The most probable classes whose names hold what is looked for, or whose number it is. */
export function search(predictions: readonly Prediction[], query: string, most: number): Ranked[] {
  const wanted = query.trim().toLowerCase().replaceAll("_", " ");
  if (!wanted) return [];
  return predictions
    .map((prediction, i) => ({ ...prediction, rank: i + 1 }))
    .filter(
      ({ label, index }) =>
        String(index) === wanted || label.toLowerCase().replaceAll("_", " ").includes(wanted),
    )
    .slice(0, most);
}
