import type { Fit } from "resnet-web";
import { expect, it } from "vitest";
import { heatPixels, type Region, seenRegion } from "./heat";

const IMAGENET = { resizeShortSide: 256, crop: 224 };

it.each<{ fit: Fit; size: [number, number]; region: Region }>([
  { fit: "crop", size: [256, 256], region: { x: 16, y: 16, width: 224, height: 224 } },
  { fit: "crop", size: [512, 256], region: { x: 144, y: 16, width: 224, height: 224 } },
  { fit: "crop", size: [128, 256], region: { x: 8, y: 72, width: 112, height: 112 } },
  { fit: "stretch", size: [512, 256], region: { x: 32, y: 16, width: 448, height: 224 } },
])("of $size the network sees $region with the fit $fit", ({ fit, size, region }) => {
  const [width, height] = size;
  expect(seenRegion({ width, height }, { ...IMAGENET, fit })).toEqual(region);
});

it.each([
  { what: "the most is opaque, half as much half", evidence: [2, 1, 0], opacity: [255, 128, 0] },
  { what: "what speaks against it is clear", evidence: [-5, 1], opacity: [0, 255] },
  { what: "nothing for it is clear everywhere", evidence: [-1, 0], opacity: [0, 0] },
])("$what", ({ evidence, opacity }) => {
  const pixels = heatPixels(Float32Array.from(evidence));
  expect(opacity.map((_, i) => pixels[4 * i + 3])).toEqual(opacity);
});
