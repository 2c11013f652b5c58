import { csvLine } from "../csv";
import type { Outcome } from "./outcome";

/** Classes of each photo that are written down. */
const CLASSES = 5;

/** Photos and what they show as comma-separated values (RFC 4180); photos that are not done yet are left out. */
export function galleryCsv(
  files: readonly Pick<File, "name" | "webkitRelativePath">[],
  outcomes: readonly (Outcome | undefined)[],
): string {
  const ranks = Array.from({ length: CLASSES }, (_, i) => [
    `class ${i + 1}`,
    `probability ${i + 1}`,
  ]);
  const lines = files.flatMap((file, i) => {
    const outcome = outcomes[i];
    if (!outcome) return [];
    const name = file.webkitRelativePath || file.name;
    if ("error" in outcome) {
      return [[name, ...ranks.flatMap(() => ["", ""]), "", outcome.error]];
    }
    const { top, networkMilliseconds } = outcome.result;
    const classes = ranks.flatMap((_, rank) => [
      top[rank]?.label ?? "",
      top[rank]?.probability.toPrecision(4) ?? "",
    ]);
    return [[name, ...classes, networkMilliseconds.toFixed(1), ""]];
  });
  return [["file", ...ranks.flat(), "network milliseconds", "error"], ...lines]
    .map(csvLine)
    .join("");
}
