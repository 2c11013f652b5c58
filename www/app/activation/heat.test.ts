import { expect, it } from "vitest";
import { heatPixels, seenRegion } from "./heat";

const IMAGENET = { resizeShortSide: 256, crop: 224 };

it.each([
  { size: [256, 256], region: { x: 16, y: 16, side: 224 } },
  { size: [512, 256], region: { x: 144, y: 16, side: 224 } },
  { size: [128, 256], region: { x: 8, y: 72, side: 112 } },
])("of $size the network sees $region", ({ size: [width = 0, height = 0], region }) => {
  expect(seenRegion({ width, height }, IMAGENET)).toEqual(region);
});

it.each([
  { what: "the most is opaque, half as much half", evidence: [2, 1, 0], opacity: [255, 128, 0] },
  { what: "what speaks against it is clear", evidence: [-5, 1], opacity: [0, 255] },
  { what: "nothing for it is clear everywhere", evidence: [-1, 0], opacity: [0, 0] },
])("$what", ({ evidence, opacity }) => {
  const pixels = heatPixels(Float32Array.from(evidence));
  expect(opacity.map((_, i) => pixels[4 * i + 3])).toEqual(opacity);
});
