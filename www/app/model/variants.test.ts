import type { ModelInfo } from "resnet-web";
import { expect, it } from "vitest";
import { stemOf, unshown, variantsOf } from "./variants";

type Variants = Pick<ModelInfo, "shortcut" | "attention" | "antiAliasing" | "preActivation">;

const PLAIN: Variants = {
  shortcut: "projection",
  attention: null,
  antiAliasing: null,
  preActivation: false,
};

it.each<[string, Partial<Variants>, string]>([
  ["ResNet-50", {}, ""],
  ["ResNet-50-D", { shortcut: "average-pool" }, "averageShortcut"],
  ["ResNet-20 for CIFAR", { shortcut: "zero-padded" }, "zeroShortcut"],
  ["with all zeros at the end", { shortcut: "zero-padded-after" }, "zeroShortcut"],
  [
    "an SE-ResNet with blur pool",
    { attention: { kind: "squeeze-excite", reduced: [4] }, antiAliasing: "blur" },
    "blur squeezeExcite",
  ],
  [
    "an ECA-ResNetV2",
    { attention: { kind: "efficient-channel", kernels: [3] }, preActivation: true },
    "preActivation efficientChannel",
  ],
])("%s has the variants that its config says", (_, changes, expected) => {
  expect(variantsOf({ ...PLAIN, ...changes } as ModelInfo).join(" ")).toBe(expected);
});

it("a stem is written as its kernels and channels", () => {
  const stem = { channels: 64, pool: "max" } as const;
  const found = [
    stemOf({ ...stem, convolutions: { kind: "conv7x7" } }),
    stemOf({ ...stem, convolutions: { kind: "conv3x3" } }),
    stemOf({ ...stem, convolutions: { kind: "deep", channels: [24, 32] } }),
  ];
  expect(found).toEqual(["7×7 → 64", "3×3 → 64", "3×3 → 24, 3×3 → 32, 3×3 → 64"]);
});

const TIMM = {
  ...PLAIN,
  family: "torchvision",
  format: "pytorch",
  stem: { convolutions: { kind: "conv7x7" }, channels: 64, pool: "max" },
  assumed: [],
} as unknown as ModelInfo;
const NOTHING = { stemPools: [], shortcuts: [], antiAliasings: [] };

it.each<[string, Partial<ModelInfo>, Partial<ReturnType<typeof unshown>>]>([
  ["a file with metadata", {}, {}],
  ["an ONNX file", { format: "onnx", shortcut: "zero-padded" }, {}],
  ["the reference network", { family: "reference", assumed: ["preprocessing"] }, {}],
  [
    "a file that says nothing of itself",
    { assumed: ["preprocessing"] },
    { antiAliasings: ["none", "blur", "average"] },
  ],
  [
    "a file of which only anti-aliasing is not known",
    { assumed: ["anti-aliasing"] },
    { antiAliasings: ["none", "blur", "average"] },
  ],
  [
    "a network for small images",
    { stem: { ...TIMM.stem, convolutions: { kind: "conv3x3" } }, shortcut: "zero-padded" },
    { stemPools: ["none", "max"], shortcuts: ["zero-padded", "zero-padded-after"] },
  ],
  [
    "a network with pre-activation",
    { preActivation: true },
    { shortcuts: ["projection", "average-pool"] },
  ],
])("%s leaves open what its tensors do not show", (_, changes, expected) => {
  expect(unshown({ ...TIMM, ...changes })).toEqual({ ...NOTHING, ...expected });
});
