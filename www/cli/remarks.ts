import type { Assumption, Note, WeightSets } from "../protocol/generated/core";

/** What is known of how a weight file was read. */
interface Reading {
  classes: number;
  /** How many labels there are. */
  labels: number;
  assumed: readonly Assumption[];
  notes?: readonly Note[];
  weightSets?: WeightSets;
}

/** What its owner has to know of a weight file: a line for each thing that was assumed, left over or one of several. */
export function remarks({ assumed, classes, labels, notes = [], weightSets }: Reading): string[] {
  const all: Record<Assumption, string> = {
    stride:
      "The stride is assumed to be on the 3x3 convolutions, as torchvision has it, or with Detectron2's names on the first; --stride changes that.",
    "stem-pool":
      "No pooling is assumed after the first convolution, as in networks for small images; the option stemPool changes that.",
    shortcut:
      "The shortcuts' kind is assumed, for the tensors do not show it; the option shortcut changes that.",
    "anti-aliasing":
      "Nothing is assumed to keep strided convolutions from aliasing; for timm's resnetblur and resnetaa the option antiAliasing or their config.json changes that.",
    "head-activation": "ReLU is assumed between the head's linear layers.",
    preprocessing:
      "Images are assumed to be preprocessed as for torchvision's ImageNet weights, or Detectron2's; --preprocessing FILE changes that.",
    labels: `The file does not say what its ${classes} classes are called; --labels FILE does.`,
  };
  const isNamed = labels > 0 || classes === 1000 || classes === 0;
  return [
    ...assumed.filter((what) => what !== "labels" || !isNamed).map((what) => all[what]),
    ...notes.map(ofNote),
    ...(weightSets?.taken ? [ofSets(weightSets)] : []),
  ];
}

function ofNote(note: Note): string {
  switch (note.kind) {
    case "ignored": {
      const { first, count } = note.tensors;
      const more = count > first.length ? ` and ${count - first.length} more` : "";
      return `Tensors that the network does not have are ignored: ${first.join(", ")}${more}.`;
    }
    case "head":
      return `${note.layer} is taken as the head, because of its shape.`;
    case "no-head":
      return "The file has no head: the network gives features and no classes.";
  }
}

function ofSets({ taken, names }: WeightSets): string {
  const others = names.filter((name) => name !== taken);
  return `The set of weights ${taken} is taken; --weight-set takes another: ${others.join(", ")}.`;
}
