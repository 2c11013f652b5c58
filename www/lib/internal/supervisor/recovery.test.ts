import { expect, it } from "vitest";
import { afterTrouble, MOST_RESTARTS, type Standing, type Step, type Trouble } from "./recovery";

const STANDING: Standing = {
  device: "cpu",
  model: 1,
  isProven: true,
  isSecondGpu: false,
  restarts: 0,
};
const crash = (rest: Partial<Trouble> = {}): Trouble => ({
  code: "runtime-crashed",
  message: "unreachable",
  ...rest,
});
const LOST: Trouble = { code: "device-lost", message: "lost" };
const FAILED: Trouble = { code: "device-failed", message: "failed" };

const CASES: [what: string, trouble: Trouble, standing: Partial<Standing>, step: Step][] = [
  ["a crash without a culprit starts the CPU", crash(), {}, { to: "cpu", counts: true }],
  ["on a GPU, too", crash(), { device: "webgpu" }, { to: "cpu", counts: true }],
  ["as often as it may", crash(), { restarts: MOST_RESTARTS - 1 }, { to: "cpu", counts: true }],
  ["and no more", crash(), { restarts: MOST_RESTARTS }, { to: "nowhere", counts: true }],
  ["a model that has answered is no culprit", crash({ model: 1 }), {}, { to: "cpu", counts: true }],
  [
    "unless it cannot be built again",
    crash({ model: 1, building: true }),
    {},
    { to: "same", counts: false, culprit: 1 },
  ],
  [
    "one that has not is",
    crash({ model: 1 }),
    { isProven: false },
    { to: "same", counts: false, culprit: 1 },
  ],
  [
    "one that is being loaded is",
    crash({ model: 2, building: true }),
    {},
    { to: "same", counts: false, culprit: 2 },
  ],
  [
    "however often",
    crash({ model: 2, building: true }),
    { restarts: MOST_RESTARTS },
    { to: "same", counts: false, culprit: 2 },
  ],
  [
    "the first model of all, too",
    crash({ model: 2, building: true }),
    { model: undefined, isProven: false },
    { to: "same", counts: false, culprit: 2 },
  ],
  [
    "before a device is known, too",
    crash({ model: 2, building: true }),
    { device: undefined },
    { to: "same", counts: false, culprit: 2 },
  ],
  [
    "on a GPU the CPU is tried before a model is blamed",
    crash({ model: 2, building: true }),
    { device: "webgpu" },
    { to: "cpu", counts: false },
  ],
  ["a GPU that fails is left", FAILED, { device: "webgpu" }, { to: "cpu", counts: false }],
  ["one that is lost has a successor", LOST, { device: "webgpu" }, { to: "chosen", counts: false }],
  [
    "unless that is lost at once",
    LOST,
    { device: "webgpu", isSecondGpu: true },
    { to: "cpu", counts: false },
  ],
];

it.each(CASES)("%s", (_, trouble, standing, step) => {
  expect(afterTrouble(trouble, { ...STANDING, ...standing })).toEqual(step);
});
