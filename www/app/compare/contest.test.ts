import type { ImageClassification } from "resnet-web";
import { expect, it } from "vitest";
import { agreement, contender } from "./contest";

const FILE = new File(["weights"], "other.pth");

const CHOICES = { strideOn: "conv1" } as const;
const LABELS = "labels.txt";
const SAME = { weights: "a", options: { ...CHOICES, labels: LABELS } };

it.each([
  ["int8", null, { device: "cpu", ...SAME, options: { ...SAME.options, arithmetic: "int8" } }],
  ["f32", null, { device: "cpu", ...SAME, options: { ...SAME.options, arithmetic: "f32" } }],
  ["cpu", null, { device: "cpu", ...SAME }],
  ["webgpu", null, { device: "webgpu", ...SAME }],
  ["file", FILE, { device: "auto", weights: FILE, options: {} }],
  ["file", null, null],
] as const)("%s is made so", (opponent, file, expected) => {
  const loaded = { source: "a", choices: CHOICES, labels: LABELS };
  expect(contender(opponent, loaded, "auto", file)).toEqual(expected);
});

const said = (classes: Record<string, number>, networkMilliseconds = 10) =>
  ({
    top: Object.entries(classes).map(([label, probability], index) => ({
      index,
      label,
      probability,
    })),
    networkMilliseconds,
  }) as ImageClassification;

it.each([
  {
    what: "the same",
    own: said({ cat: 0.75, dog: 0.25 }),
    other: said({ cat: 0.75, dog: 0.25 }, 5),
    expected: { same: true, difference: 0, time: 0.5 },
  },
  {
    what: "another order",
    own: said({ cat: 0.75, dog: 0.25 }),
    other: said({ dog: 0.5, cat: 0.5 }, 20),
    expected: { same: false, difference: 0.25, time: 2 },
  },
  {
    what: "other classes",
    own: said({ cat: 0.75, dog: 0.25 }),
    other: said({ cat: 0.75, wolf: 0.25 }),
    expected: { same: true, difference: null, time: 1 },
  },
  {
    what: "more classes",
    own: said({ cat: 1 }),
    other: said({ cat: 0.5, dog: 0.5 }),
    expected: { same: true, difference: null, time: 1 },
  },
])("$what is told", ({ own, other, expected }) => {
  expect(agreement(own, other)).toEqual(expected);
});
