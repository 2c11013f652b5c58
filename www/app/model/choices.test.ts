import type { WeightChoices } from "resnet-web";
import { describe, expect, it } from "vitest";
import { changed, readChoices, writeChoices } from "./choices";

const SYMMETRIC = {
  resizeShortSide: 232,
  crop: 224,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
} satisfies WeightChoices["preprocessing"];

const CAFFE = {
  resizeShortSide: 256,
  crop: 224,
  mean: [103.939, 116.779, 123.68],
  std: [1, 1, 1],
  interpolation: "bicubic",
  fit: "stretch",
  channelOrder: "bgr",
  range: 255,
} satisfies WeightChoices["preprocessing"];

describe("choices in the page's address", () => {
  it.each<[WeightChoices, string]>([
    [{}, ""],
    [{ strideOn: "conv1" }, "stride=conv1"],
    [{ arithmetic: "int8" }, "arithmetic=int8"],
    [
      { stemPool: "max", shortcut: "zero-padded-after", antiAliasing: "blur" },
      "stem-pool=max&shortcut=zero-padded-after&anti-aliasing=blur",
    ],
    [{ weightSet: "state_dict_ema" }, "set=state_dict_ema"],
    [{ preprocessing: SYMMETRIC }, "normalisation=symmetric&resize=232&crop=224"],
    [
      { strideOn: "conv2", preprocessing: SYMMETRIC, arithmetic: "f32" },
      "stride=conv2&normalisation=symmetric&resize=232&crop=224&arithmetic=f32",
    ],
    [
      { preprocessing: CAFFE },
      "mean=103.939%2C116.779%2C123.68&std=1%2C1%2C1&resize=256&crop=224&filter=bicubic&fit=stretch&channels=bgr&range=255",
    ],
    [
      { preprocessing: { ...SYMMETRIC, mean: [0.5, 0.4, 0.3] } },
      "mean=0.5%2C0.4%2C0.3&std=0.5%2C0.5%2C0.5&resize=232&crop=224",
    ],
    [
      { preprocessing: { ...SYMMETRIC, mean: [1, 1, 1], std: [1, 1, 1], range: 2 } },
      "normalisation=symmetric&resize=232&crop=224&range=2",
    ],
  ])("%o are written as %s, and read again", (choices, query) => {
    const parameters = new URLSearchParams();
    writeChoices(choices, parameters);
    expect(parameters.toString()).toBe(query);
    expect(readChoices(parameters)).toEqual(choices);
  });

  it.each([
    "stride=conv3",
    "arithmetic=int4",
    "normalisation=own",
    "resize=256&crop=224",
    "normalisation=none&resize=100&crop=224",
    "mean=0,0,0",
    "mean=0,0,0&std=1,0,1",
    "mean=0,0&std=1,1,1",
    "mean=a,b,c&std=1,1,1",
    "filter=bicubic",
  ])("%s chooses nothing", (query) => {
    expect(readChoices(new URLSearchParams(query))).toEqual({});
  });

  it.each([
    ["normalisation=imagenet", 256, 224],
    ["normalisation=imagenet&crop=320", 320, 320],
    ["normalisation=imagenet&resize=-1&crop=1e9", 256, 224],
  ])("%s resizes to %i and crops to %i", (query, resizeShortSide, crop) => {
    expect(readChoices(new URLSearchParams(query)).preprocessing).toMatchObject({
      resizeShortSide,
      crop,
    });
  });
});

it.each([
  ["adds to those before", { strideOn: "conv1" }, { strideOn: "conv1", antiAliasing: "blur" }],
  ["replaces one", { antiAliasing: "average" }, { antiAliasing: "average" }],
  ["takes one back", { antiAliasing: undefined }, {}],
] as const)("a change of choices %s", (_, changes, expected) => {
  expect(changed({ antiAliasing: "blur" }, changes)).toEqual(expected);
});
