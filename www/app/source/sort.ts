import type { Kind } from "./kind";

/** A file and what it is for. */
export interface Found {
  file: File;
  kind: Kind | "unreadable";
}

/** Why a file is not used. */
export type WhyNot =
  | "unknown"
  | "empty"
  | "unreadable"
  | "shards"
  | "other-weights"
  | "other-labels"
  | "other-configurations";

/** What becomes of files that came together. */
export interface Sorted {
  weights: File | null;
  labels: File | null;
  /** What describes the model besides: one file of each name. */
  configurations: File[];
  photos: File[];
  unused: { name: string; why: WhyNot }[];
}

/** Of several weight files the one that says most of itself. */
const BEST_WEIGHTS = /\.safetensors$/i;
/** What people call a text of labels. It is asked only where there are other files that a text may belong to. */
const LABELS_NAME = /label|class|synset|categor|names/i;

/**
 * What to do with files that were chosen, dropped or pasted together: one of weights, with one of labels and its configurations,
 * and any number of photos. Everything else is in `unused`, with the reason.
 */
export function sortDropped(found: readonly Found[]): Sorted {
  const unused: Sorted["unused"] = [];
  const leave = (files: readonly File[], why: WhyNot) => {
    unused.push(...files.map((file) => ({ name: file.webkitRelativePath || file.name, why })));
  };
  const of = (kind: Found["kind"]) =>
    found.filter((each) => each.kind === kind).map(({ file }) => file);
  const first = ([file, ...others]: readonly File[], why: WhyNot): File | null => {
    leave(others, why);
    return file ?? null;
  };

  const [best, good] = divided(of("weights"), ({ name }) => BEST_WEIGHTS.test(name));
  const weights = first([...best, ...good, ...of("other-format")], "other-weights");

  const isAlone = found.length === 1;
  const [named, texts] = divided(of("text"), ({ name }) => isAlone || LABELS_NAME.test(name));
  const labels = first([...named, ...of("labels")], "other-labels");
  leave(texts, "unknown");

  const isFirst = ({ name }: File, i: number, all: readonly File[]) =>
    all.findIndex((other) => other.name === name) === i;
  const [configurations, others] = divided(of("configuration"), isFirst);
  leave(others, "other-configurations");
  const reasons = ["shards", "empty", "unknown", "unreadable"] as const;
  for (const why of reasons) leave(of(why), why);
  return { weights, labels, configurations, photos: of("photo"), unused };
}

/** Those that fulfil a condition, and the others. */
function divided(
  files: readonly File[],
  condition: (file: File, at: number, all: readonly File[]) => boolean,
): [yes: File[], no: File[]] {
  return [files.filter(condition), files.filter((...each) => !condition(...each))];
}
