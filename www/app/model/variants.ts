import type { ModelInfo, ShortcutKind, Stem } from "resnet-web";

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
