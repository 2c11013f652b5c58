import type { Kind } from "./kind";

/** A file and what it is for. */
export interface Found {
  file: File;
  kind: Kind | "unreadable";
  /** The files in which it has weights, by their names: an ONNX model may. */
  external?: readonly string[];
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
  /** Files in which those weights have a part of theirs. */
  external: File[];
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
export function sortDropped(all: readonly Found[]): Sorted {
  const unused: Sorted["unused"] = [];
  const leave = (files: readonly File[], why: WhyNot) => {
    unused.push(...files.map((file) => ({ name: file.webkitRelativePath || file.name, why })));
  };
  const named = new Set(all.flatMap(({ external = [] }) => external));
  const [parts, found] = divided(all, ({ file }) => named.has(file.name));
  const of = (kind: Found["kind"]) =>
    found.filter((each) => each.kind === kind).map(({ file }) => file);
  const first = ([file, ...others]: readonly File[], why: WhyNot): File | null => {
    leave(others, why);
    return file ?? null;
  };

  const [best, good] = divided(of("weights"), ({ name }) => BEST_WEIGHTS.test(name));
  const weights = first([...best, ...good, ...of("other-format")], "other-weights");
  const own = found.find(({ file }) => file === weights)?.external ?? [];
  const files = parts.map(({ file }) => file);
  const isOwn = ({ name }: File, i: number) =>
    own.includes(name) && files.findIndex((other) => other.name === name) === i;
  const [external, unlisted] = divided(files, isOwn);
  leave(unlisted, "other-weights");

  const isAlone = found.length === 1;
  const [texted, texts] = divided(of("text"), ({ name }) => isAlone || LABELS_NAME.test(name));
  const labels = first([...texted, ...of("labels")], "other-labels");
  leave(texts, "unknown");

  const isFirst = ({ name }: File, i: number, all: readonly File[]) =>
    all.findIndex((other) => other.name === name) === i;
  const [configurations, others] = divided(of("configuration"), isFirst);
  leave(others, "other-configurations");
  const reasons = ["shards", "empty", "unknown", "unreadable"] as const;
  for (const why of reasons) leave(of(why), why);
  return { weights, external, labels, configurations, photos: of("photo"), unused };
}

/** Those that fulfil a condition, and the others. */
function divided<T>(
  files: readonly T[],
  condition: (file: T, at: number, all: readonly T[]) => boolean,
): [yes: T[], no: T[]] {
  return [files.filter(condition), files.filter((...each) => !condition(...each))];
}
