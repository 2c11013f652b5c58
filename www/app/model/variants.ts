import type { AntiAliasing, ModelInfo, ShortcutKind, Stem, StemPool } from "resnet-web";

/** What a network has that torchvision's ResNets have not. */
export type Variant =
  | "averageShortcut"
  | "zeroShortcut"
  | "squeezeExcite"
  | "efficientChannel"
  | "blur"
  | "average"
  | "preActivation";

const SHORTCUTS: Record<ShortcutKind, Variant | null> = {
  projection: null,
  "average-pool": "averageShortcut",
  "zero-padded": "zeroShortcut",
  "zero-padded-after": "zeroShortcut",
};

/** A network's variants, in the order in which an image meets them. */
export function variantsOf(info: ModelInfo): Variant[] {
  const { shortcut, attention, antiAliasing, preActivation } = info;
  const variants: (Variant | null)[] = [
    preActivation ? "preActivation" : null,
    antiAliasing,
    attention && (attention.kind === "squeeze-excite" ? "squeezeExcite" : "efficientChannel"),
    SHORTCUTS[shortcut],
  ];
  return variants.filter((variant) => variant !== null);
}

/** What layers without tensors a network may have, each with the options that its tensors leave open; none: it is known. */
export interface Unshown {
  stemPools: readonly StemPool[];
  shortcuts: readonly ShortcutKind[];
  antiAliasings: readonly (AntiAliasing | "none")[];
}

/** What the tensors of a weight file leave open. The graph of an ONNX file leaves nothing open. */
export function unshown(info: ModelInfo): Unshown {
  const { family, format, stem, shortcut, antiAliasing, preActivation, assumed } = info;
  if (family !== "torchvision" || format === "onnx") {
    return { stemPools: [], shortcuts: [], antiAliasings: [] };
  }
  const open = ["preprocessing", "stride", "anti-aliasing"] as const;
  const isUndescribed = open.some((what) => assumed.includes(what));
  return {
    stemPools: stem.convolutions.kind === "conv3x3" ? ["none", "max"] : [],
    shortcuts: preActivation
      ? ["projection", "average-pool"]
      : shortcut.startsWith("zero-padded")
        ? ["zero-padded", "zero-padded-after"]
        : [],
    antiAliasings: antiAliasing !== null || isUndescribed ? ["none", "blur", "average"] : [],
  };
}

/** The kernels and channels of a stem: `3×3 → 32, 3×3 → 32, 3×3 → 64`. */
export function stemOf({ convolutions, channels }: Stem): string {
  const layer = (side: number, outputs: number) => `${side}×${side} → ${outputs}`;
  switch (convolutions.kind) {
    case "deep":
      return [...convolutions.channels, channels].map((outputs) => layer(3, outputs)).join(", ");
    case "conv3x3":
      return layer(3, channels);
    case "conv7x7":
      return layer(7, channels);
  }
}
