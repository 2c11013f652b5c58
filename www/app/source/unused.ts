import { isolated } from "../file-text";
import { strings } from "../strings";
import type { Sorted, WhyNot } from "./sort";

const text = strings.source.unused;

/** Names that are written out for each reason; of the others only how many there are. */
const NAMED = 3;

/** Which files are not used, and why, reason by reason. */
export function unusedText(unused: Sorted["unused"]): string {
  const reasons = new Map<WhyNot, string[]>();
  for (const { name, why } of unused) {
    reasons.set(why, [...(reasons.get(why) ?? []), isolated(name)]);
  }
  return [...reasons]
    .map(([why, names]) =>
      text.because(text.list(names.slice(0, NAMED), names.length - NAMED), text.reasons[why]),
    )
    .join("; ");
}
