import { expect, it } from "vitest";
import { ResNetError } from "../../../protocol/errors";
import type { DevicePolicy, DeviceStatus, LoadedModel, Speeds } from "../../../protocol/types";
import type { Effect, Event, Need, Opening, WorkerId } from "./state";
import { begin, step } from "./step";

// A table: what has happened, what happens next, what follows from it. Workers are numbered as they are started, models
// have the id of their load.

const CPU = { kind: "cpu", reason: "cpu-requested" } as DeviceStatus;
const GPU = { kind: "webgpu", reason: "webgpu-works", adapter: "a" } as DeviceStatus;

const error = (code: ResNetError["code"]) => new ResNetError(code, code);
const model = (id: number) => ({ id }) as LoadedModel;

const requested = (id: number, speeds?: Speeds): Event => ({
  type: "load requested",
  request: {
    load: { id, weights: `${id}`, choices: {} },
    speeds: new Map(speeds ? [["a", speeds]] : []),
  },
});
const opened = (worker: WorkerId, status = CPU): Event => ({ type: "opened", worker, status });
const notOpened = (worker: WorkerId): Event => ({
  type: "open failed",
  worker,
  error: error("device-failed"),
});
const staged = (worker: WorkerId, id: number): Event => ({
  type: "staged",
  worker,
  load: id,
  model: model(id),
});
const notStaged = (worker: WorkerId, id: number, code: ResNetError["code"]): Event => ({
  type: "stage failed",
  worker,
  load: id,
  error: error(code),
});
const committed = (worker: WorkerId, id: number): Event => ({
  type: "committed",
  worker,
  load: id,
});
const loaded = (worker: WorkerId, id: number) => [
  requested(id),
  staged(worker, id),
  committed(worker, id),
];
const cancelled = (load: number): Event => ({ type: "load cancelled", load });
const dropped = (worker: WorkerId, load: number): Event => ({ type: "dropped", worker, load });
const late = (worker: WorkerId, load: number, isBuilding: boolean): Event => ({
  type: "drop is late",
  worker,
  load,
  isBuilding,
});
const call = (call: number, needs: Need = "model"): Event => ({
  type: "call requested",
  call,
  needs,
});
const device = (call: number, policy: DevicePolicy): Event => ({
  type: "device requested",
  call,
  policy,
});
const crashed = (worker: WorkerId, id?: number, building = false): Event => ({
  type: "trouble",
  worker,
  trouble: { code: "runtime-crashed", message: "m", ...(id && { model: id, building }) },
});
const lost = (worker: WorkerId): Event => ({
  type: "trouble",
  worker,
  trouble: { code: "device-lost", message: "m" },
});
const notStarted = (worker: WorkerId): Event => ({ type: "not started", worker });
const classified = (worker: WorkerId, id: number): Event => ({
  type: "classified",
  worker,
  model: id,
});
const timed = (worker: WorkerId, milliseconds: number, load = 1): Event => ({
  type: "timed",
  worker,
  load,
  milliseconds,
});
const labelled = (id: number): Event => ({ type: "labelled", labels: "l", model: model(id) });
const DUE: Event = { type: "comparison is due" };
const DISPOSED: Event = { type: "disposed" };

const OPEN = [opened(0)];
const READY = [...OPEN, ...loaded(0, 1)];
const ON_GPU = [opened(0, GPU), ...loaded(0, 1)];
/** The GPU, in worker 1, has replaced worker 0. */
const MOVED = [...READY, device(7, "webgpu"), opened(1, GPU), staged(1, 1), committed(1, 1)];
/** The GPU is in use and the CPU, in worker 1, has the same model. */
const RACE = [...ON_GPU, classified(0, 1), DUE, opened(1), staged(1, 1), committed(1, 1)];

interface Case {
  name: string;
  policy?: DevicePolicy;
  measures?: boolean;
  given: Event[];
  when: Event;
  /** What is to be done, a word or two for each. */
  effects: string[];
  /** What is in use afterwards. */
  inUse?: { worker?: WorkerId; model?: number; policy?: DevicePolicy };
}

const CASES: Case[] = [
  // Loads.
  {
    name: "a load goes to the worker in use",
    given: OPEN,
    when: requested(1),
    effects: ["stage 1 in 0"],
  },
  {
    name: "before its device is open, too",
    given: [],
    when: requested(1),
    effects: ["stage 1 in 0"],
  },
  {
    name: "a model that is built is put in use",
    given: [...OPEN, requested(1)],
    when: staged(0, 1),
    effects: ["commit 1 in 0", "resolve load 1"],
    inUse: { model: 1 },
  },
  {
    name: "a load that fails leaves the model before",
    given: [...READY, requested(2)],
    when: notStaged(0, 2, "weights-format"),
    effects: ["reject load 2: weights-format"],
    inUse: { model: 1 },
  },
  {
    name: "a load that is cancelled is dropped in its worker",
    given: [...READY, requested(2)],
    when: cancelled(2),
    effects: ["drop 2 in 0", "limit drop 2 in 0", "reject load 2: aborted"],
    inUse: { model: 1 },
  },
  {
    name: "a newer load cancels the one before, and waits until its worker knows",
    given: [...READY, requested(2)],
    when: requested(3),
    effects: ["drop 2 in 0", "limit drop 2 in 0", "reject load 2: aborted"],
  },
  {
    name: "then it begins",
    given: [...READY, requested(2), requested(3)],
    when: dropped(0, 2),
    effects: ["stage 3 in 0"],
  },
  {
    name: "a load that was overtaken is not put in use when it is done first",
    given: [...READY, requested(2), requested(3)],
    when: staged(0, 2),
    effects: ["drop 2 in 0"],
    inUse: { model: 1 },
  },
  {
    name: "nor when it is done last",
    given: [...READY, requested(2), requested(3), dropped(0, 2), staged(0, 3)],
    when: staged(0, 2),
    effects: ["drop 2 in 0"],
    inUse: { model: 3 },
  },
  {
    name: "cancelling a load that is over changes nothing",
    given: READY,
    when: cancelled(1),
    effects: [],
    inUse: { model: 1 },
  },
  {
    name: "a worker that builds a cancelled network for too long is replaced",
    given: [...READY, requested(2), cancelled(2)],
    when: late(0, 2, true),
    effects: ["close 0: runtime-replaced", "start 1 on cpu (cpu-requested)", "stage 1 in 1"],
    inUse: { worker: 1 },
  },
  {
    name: "one that does something else is waited for",
    given: [...READY, requested(2), cancelled(2)],
    when: late(0, 2, false),
    effects: [],
    inUse: { worker: 0 },
  },
  {
    name: "a call waits until the worker has heard that a load is cancelled",
    given: [...READY, requested(2), cancelled(2)],
    when: call(9),
    effects: [],
  },
  {
    name: "and is sent then",
    given: [...READY, requested(2), cancelled(2), call(9)],
    when: dropped(0, 2),
    effects: ["send 9 to 0"],
  },
  {
    name: "a model that its worker does not put in use is loaded again",
    given: [...OPEN, requested(1), staged(0, 1)],
    when: { type: "commit failed", worker: 0, load: 1, error: error("aborted") },
    effects: ["stage 1 in 0"],
  },

  // Choices of a device.
  {
    name: "another device is opened beside the one in use",
    given: READY,
    when: device(7, "webgpu"),
    effects: ["start 1 by webgpu"],
    inUse: { worker: 0, policy: "auto" },
  },
  {
    name: "the model is loaded there",
    given: [...READY, device(7, "webgpu")],
    when: opened(1, GPU),
    effects: ["stage 1 in 1"],
    inUse: { worker: 0 },
  },
  {
    name: "and the device is in use once it has the model",
    given: [...READY, device(7, "webgpu"), opened(1, GPU), staged(1, 1)],
    when: committed(1, 1),
    effects: ["retire 0", "report webgpu", "report model 1", "resolve device 7"],
    inUse: { worker: 1, policy: "webgpu" },
  },
  {
    name: "without a model it is in use at once",
    given: [...OPEN, device(7, "webgpu")],
    when: opened(1, GPU),
    effects: ["retire 0", "report webgpu", "resolve device 7"],
    inUse: { worker: 1 },
  },
  {
    name: "a device that cannot be opened changes nothing",
    given: [...READY, device(7, "webgpu")],
    when: notOpened(1),
    effects: ["close 1: aborted", "reject call 7: device-failed"],
    inUse: { worker: 0, policy: "auto" },
  },
  {
    name: "nor does one that the model does not fit on",
    given: [...READY, device(7, "webgpu"), opened(1, GPU)],
    when: notStaged(1, 1, "too-large"),
    effects: ["close 1: aborted", "reject call 7: too-large"],
    inUse: { worker: 0, model: 1 },
  },
  {
    name: "a newer choice ends the one before",
    given: [...READY, device(7, "webgpu")],
    when: device(8, "cpu"),
    effects: ["close 1: aborted", "reject call 7: aborted", "start 2 by cpu"],
  },
  {
    name: "whose worker takes no effect when it is ready first",
    given: [...READY, device(7, "webgpu"), device(8, "cpu")],
    when: opened(1, GPU),
    effects: [],
    inUse: { worker: 0 },
  },
  {
    name: "nor when it is ready last",
    given: [
      ...[...READY, device(7, "webgpu"), device(8, "cpu")],
      ...[opened(2), staged(2, 1), committed(2, 1)],
    ],
    when: opened(1, GPU),
    effects: [],
    inUse: { worker: 2, policy: "cpu" },
  },
  {
    name: "a load that ends before a choice of device is taken along",
    given: [...READY, device(7, "webgpu"), ...loaded(0, 2)],
    when: opened(1, GPU),
    effects: ["stage 2 in 1"],
  },
  {
    name: "even if the model before is there already",
    given: [...READY, device(7, "webgpu"), opened(1, GPU), staged(1, 1), ...loaded(0, 2)],
    when: committed(1, 1),
    effects: ["stage 2 in 1"],
    inUse: { worker: 0, model: 2 },
  },
  {
    name: "a load that is under way begins again on a device that was chosen meanwhile",
    given: [...READY, requested(2), device(7, "webgpu"), opened(1, GPU), staged(1, 1)],
    when: committed(1, 1),
    effects: [
      ...["retire 0", "report webgpu", "report model 1", "resolve device 7"],
      ...["drop 2 in 0", "stage 2 in 1"],
    ],
    inUse: { worker: 1, model: 1 },
  },
  {
    name: "the end of the first attempt changes nothing then",
    given: [
      ...[...READY, requested(2), device(7, "webgpu")],
      ...[opened(1, GPU), staged(1, 1), committed(1, 1)],
    ],
    when: notStaged(0, 2, "aborted"),
    effects: [],
    inUse: { worker: 1, model: 1 },
  },
  {
    name: "a number of threads that was chosen meanwhile holds on the new device, too",
    given: [...OPEN, device(7, "cpu"), { type: "threads requested", threads: 2 }],
    when: opened(1),
    effects: ["retire 0", "report cpu", "set 2 threads in 1", "resolve device 7"],
  },
  {
    name: "a choice waits for a worker that is being replaced",
    given: [...READY, classified(0, 1), crashed(0)],
    when: device(7, "webgpu"),
    effects: [],
  },

  // A device known to be faster.
  {
    name: "a load goes to the device that is known to be faster",
    given: [opened(0, GPU)],
    when: requested(1, { cpu: 1, webgpu: 2 }),
    effects: ["start 1 on cpu (cpu-faster)"],
  },
  {
    name: "and takes it",
    given: [opened(0, GPU), requested(1, { cpu: 1, webgpu: 2 }), opened(1)],
    when: staged(1, 1),
    effects: ["commit 1 in 1", "retire 0", "report cpu", "resolve load 1"],
    inUse: { worker: 1, model: 1 },
  },
  {
    name: "where that cannot be opened, the one in use will do",
    given: [opened(0, GPU), requested(1, { cpu: 1, webgpu: 2 })],
    when: notOpened(1),
    effects: ["close 1: aborted", "stage 1 in 0"],
  },
  {
    name: "a choice of device that was asked for last wins over it",
    given: [
      ...[opened(0, GPU), requested(1, { cpu: 1, webgpu: 2 }), opened(1)],
      device(7, "webgpu"),
    ],
    when: opened(2, GPU),
    effects: [
      ...["retire 0", "report webgpu", "resolve device 7"],
      ...["close 1: aborted", "stage 1 in 2"],
    ],
    inUse: { worker: 2, policy: "webgpu" },
  },
  {
    name: "a load that may move waits for the device",
    given: [],
    when: requested(1, { cpu: 1, webgpu: 2 }),
    effects: [],
  },
  {
    name: "and fails with it",
    given: [requested(1, { cpu: 1, webgpu: 2 })],
    when: notOpened(0),
    effects: ["reject load 1: device-failed"],
  },

  // Both devices are timed.
  {
    name: "after the first image a comparison is scheduled",
    given: ON_GPU,
    when: classified(0, 1),
    effects: ["schedule comparison"],
  },
  {
    name: "but not where that is not wanted",
    measures: false,
    given: ON_GPU,
    when: classified(0, 1),
    effects: [],
  },
  {
    name: "but once",
    given: [...ON_GPU, classified(0, 1)],
    when: classified(0, 1),
    effects: [],
  },
  {
    name: "and again where another model's was under way when it was due",
    given: [...[...RACE, timed(0, 10), ...loaded(0, 2), classified(0, 2), DUE], timed(1, 5)],
    when: classified(0, 2),
    effects: ["schedule comparison"],
  },
  {
    name: "or where the device was being opened again",
    given: [
      ...ON_GPU,
      classified(0, 1),
      lost(0),
      DUE,
      opened(1, GPU),
      staged(1, 1),
      committed(1, 1),
    ],
    when: classified(1, 1),
    effects: ["schedule comparison"],
  },
  {
    name: "or where its outcome took no effect",
    given: [...RACE, timed(0, 10), requested(2), timed(1, 5), notStaged(0, 2, "weights-format")],
    when: classified(0, 1),
    effects: ["schedule comparison"],
  },
  {
    name: "it opens the CPU beside the GPU",
    given: [...ON_GPU, classified(0, 1)],
    when: DUE,
    effects: ["start 1 on cpu (cpu-faster)"],
  },
  {
    name: "not where the CPU is in use",
    given: [...READY, classified(0, 1)],
    when: DUE,
    effects: [],
  },
  {
    name: "nor where the device was asked for",
    policy: "webgpu",
    given: [...ON_GPU, classified(0, 1)],
    when: DUE,
    effects: [],
  },
  {
    name: "the CPU is timed after the GPU",
    given: RACE,
    when: timed(0, 10),
    effects: ["time in 1"],
  },
  {
    name: "a faster CPU takes over",
    given: [...RACE, timed(0, 10)],
    when: timed(1, 5),
    effects: ["remember cpu 5, webgpu 10", "retire 0", "report cpu", "report model 1"],
    inUse: { worker: 1 },
  },
  {
    name: "a slower one goes",
    given: [...RACE, timed(0, 5)],
    when: timed(1, 10),
    effects: ["remember cpu 10, webgpu 5", "close 1: aborted", "report webgpu"],
    inUse: { worker: 0 },
  },
  {
    name: "a comparison does not decide over a choice that is under way",
    given: [...RACE, timed(0, 10), device(7, "webgpu")],
    when: timed(1, 5),
    effects: ["remember cpu 5, webgpu 10", "close 1: aborted"],
    inUse: { worker: 0 },
  },
  {
    name: "nor over a load",
    given: [...RACE, timed(0, 10), requested(2)],
    when: timed(1, 5),
    effects: ["remember cpu 5, webgpu 10", "close 1: aborted"],
  },
  {
    name: "nor over another model",
    given: [...RACE, timed(0, 10), ...loaded(0, 2)],
    when: timed(1, 5),
    effects: ["remember cpu 5, webgpu 10", "close 1: aborted"],
    inUse: { worker: 0, model: 2 },
  },
  {
    name: "a faster CPU does not take over without the labels that were set meanwhile",
    given: [...RACE, labelled(1), timed(0, 10)],
    when: timed(1, 5),
    effects: ["remember cpu 5, webgpu 10", "close 1: aborted"],
    inUse: { worker: 0 },
  },
  {
    name: "and is timed again with them",
    given: [...RACE, labelled(1), timed(0, 10), timed(1, 5)],
    when: classified(0, 1),
    effects: ["schedule comparison"],
  },
  {
    name: "a slower one is known to be slower with any labels",
    given: [...RACE, labelled(1), timed(0, 5)],
    when: timed(1, 10),
    effects: ["remember cpu 10, webgpu 5", "close 1: aborted", "report webgpu"],
    inUse: { worker: 0 },
  },
  {
    name: "a comparison that fails leaves the GPU",
    given: RACE,
    when: { type: "timing failed", worker: 0, load: 1 },
    effects: ["close 1: aborted"],
    inUse: { worker: 0 },
  },
  {
    name: "a model that is loaded before the GPU was timed with the one before ends it",
    given: [...RACE, requested(2)],
    when: staged(0, 2),
    effects: ["close 1: aborted", "commit 2 in 0", "resolve load 2"],
    inUse: { model: 2 },
  },
  {
    name: "so that no speeds are remembered that were measured on both models",
    given: [...RACE, ...loaded(0, 2), timed(0, 60)],
    when: timed(1, 40),
    effects: [],
  },
  {
    name: "nor are they taken for those of the next comparison",
    given: [
      ...[...RACE, ...loaded(0, 2), classified(0, 2), DUE],
      ...[opened(2), staged(2, 2), committed(2, 2)],
    ],
    when: timed(0, 60),
    effects: [],
  },

  // Trouble.
  {
    name: "a crash starts the CPU with the same model",
    given: [...READY, classified(0, 1)],
    when: crashed(0, 1),
    effects: ["close 0: runtime-crashed", "start 1 on cpu (crashed)", "stage 1 in 1"],
    inUse: { worker: 1 },
  },
  {
    name: "calls wait until the model is there again",
    given: [...READY, classified(0, 1), crashed(0, 1), opened(1)],
    when: call(9),
    effects: [],
  },
  {
    name: "and are sent then",
    given: [...READY, classified(0, 1), crashed(0, 1), opened(1), call(9), staged(1, 1)],
    when: committed(1, 1),
    effects: ["report model 1", "send 9 to 1"],
  },
  {
    name: "a model that cannot be loaded again is tried once more for the next call",
    given: [...READY, classified(0, 1), crashed(0, 1), notStaged(1, 1, "weights-download")],
    when: call(9),
    effects: ["stage 1 in 1"],
  },
  {
    name: "which fails if that fails",
    given: [...READY, crashed(0), notStaged(1, 1, "weights-download"), call(9)],
    when: notStaged(1, 1, "weights-download"),
    effects: ["reject call 9: weights-download"],
  },
  {
    name: "a load that was under way begins again",
    given: [...READY, requested(2), crashed(0), staged(1, 1), committed(1, 1)],
    when: notStaged(0, 2, "runtime-crashed"),
    effects: ["stage 2 in 1"],
  },
  {
    name: "a model that crashes the code makes room for the one before",
    given: [...READY, classified(0, 1), ...loaded(0, 2)],
    when: crashed(0, 2),
    effects: [
      ...["report model crash: model-crashed", "close 0: runtime-crashed"],
      ...["start 1 on cpu (cpu-requested)", "stage 1 in 1"],
    ],
  },
  {
    name: "a model that crashes the code while it is built fails to load",
    given: [...READY, requested(2), crashed(0, 2, true)],
    when: notStaged(0, 2, "runtime-crashed"),
    effects: ["reject load 2: model-crashed"],
  },
  {
    name: "a lost device is followed by another",
    given: ON_GPU,
    when: lost(0),
    effects: ["close 0: device-lost", "start 1 by auto after a loss", "stage 1 in 1"],
  },
  {
    name: "a second loss before an image is followed by the CPU",
    given: [...ON_GPU, lost(0), opened(1, GPU)],
    when: lost(1),
    effects: ["close 1: device-lost", "start 2 on cpu (device-lost)", "stage 1 in 2"],
  },
  {
    name: "a second loss after an image is followed by another device",
    given: [
      ...[...ON_GPU, lost(0), opened(1, GPU)],
      ...[staged(1, 1), committed(1, 1), classified(1, 1)],
    ],
    when: lost(1),
    effects: ["close 1: device-lost", "start 2 by auto after a loss", "stage 1 in 2"],
  },
  {
    name: "trouble of a worker that is not in use ends that worker",
    given: [...READY, device(7, "webgpu"), opened(1, GPU)],
    when: lost(1),
    effects: ["close 1: device-lost"],
    inUse: { worker: 0 },
  },
  {
    name: "a worker that could not be started is started again for the next call",
    given: [notStarted(0), notOpened(0)],
    when: requested(1),
    effects: ["close 0: runtime-replaced", "start 1 by auto", "stage 1 in 1"],
  },
  {
    name: "but once for each",
    given: [notStarted(0), notOpened(0), requested(1)],
    when: notStarted(1),
    effects: [],
  },

  // The end.
  {
    name: "disposing ends every worker and rejects what is under way",
    given: [...READY, requested(2), device(7, "webgpu")],
    when: DISPOSED,
    effects: [
      ...["close 0: aborted", "close 1: aborted", "clear timers"],
      ...["reject load 2: aborted", "reject call 7: aborted"],
    ],
  },
  {
    name: "also a worker that was replaced and completes its calls",
    given: MOVED,
    when: DISPOSED,
    effects: ["close 1: aborted", "close 0: aborted", "clear timers"],
  },
  {
    name: "unless it has ended",
    given: [...MOVED, { type: "retired", worker: 0 }],
    when: DISPOSED,
    effects: ["close 1: aborted", "clear timers"],
  },
  {
    name: "or was closed because of trouble",
    given: [...MOVED, lost(0)],
    when: DISPOSED,
    effects: ["close 1: aborted", "clear timers"],
  },
  {
    name: "and calls that wait",
    given: [...READY, crashed(0), call(9)],
    when: DISPOSED,
    effects: ["close 1: aborted", "clear timers", "reject call 9: aborted"],
  },
  ...(
    [
      ["a load", requested(3), ["reject load 3: aborted"]],
      ["a choice of a device", device(8, "cpu"), ["reject call 8: aborted"]],
      ["a call", call(9), ["reject call 9: aborted"]],
      ["a device that is open", opened(1, GPU), []],
      ["a model that is built", staged(0, 2), []],
      ["a model that is in use", committed(1, 1), []],
      ["a crash", crashed(0), []],
      ["a late drop", late(0, 2, true), []],
      ["a comparison that is due", DUE, []],
      ["a time that was taken", timed(0, 1), []],
      ["disposing again", DISPOSED, ["clear timers"]],
    ] satisfies [string, Event, string[]][]
  ).map(([what, when, effects]) => ({
    name: `after that ${what} starts nothing`,
    given: [...READY, requested(2), device(7, "webgpu"), DISPOSED],
    when,
    effects,
  })),
  {
    name: "code that crashes too often ends everything",
    given: [0, 1, 2].map((worker) => crashed(worker)),
    when: crashed(3),
    effects: ["close 3: runtime-given-up", "clear timers"],
  },
];

it.each(CASES)("$name", (test) => {
  const { policy = "auto", measures = true, given, when, effects: expected, inUse = {} } = test;
  const before = given.reduce(
    (state, event) => step(state, event).state,
    begin(policy, "auto", measures).state,
  );
  const frozen = structuredClone({ ...before, request: null, model: null });
  const { state, effects } = step(before, when);
  expect(effects.map(described)).toEqual(expected);
  const { worker = state.worker, model = state.model?.id, policy: chosen = state.policy } = inUse;
  expect({ worker: state.worker, model: state.model?.id, policy: state.policy }).toEqual({
    worker,
    model,
    policy: chosen,
  });
  // The state before is never changed in place.
  expect(structuredClone({ ...before, request: null, model: null })).toEqual(frozen);
});

it("begins with a worker that opens a device", () => {
  expect(begin("fastest", 4).effects.map(described)).toEqual(["start 0 by fastest"]);
});

function described(effect: Effect): string {
  switch (effect.do) {
    case "start":
      return `start ${effect.worker} ${openingOf(effect.opening)}`;
    case "stage":
      return `stage ${effect.request.id} in ${effect.worker}`;
    case "commit":
    case "drop":
    case "limit drop":
      return `${effect.do} ${effect.load} in ${effect.worker}`;
    case "time":
      return `time in ${effect.worker}`;
    case "set threads":
      return `set ${effect.threads} threads in ${effect.worker}`;
    case "close":
      return `close ${effect.worker}: ${effect.error.code}`;
    case "retire":
      return `retire ${effect.worker}`;
    case "send":
      return `send ${effect.call} to ${effect.worker}`;
    case "resolve load":
      return `resolve load ${effect.load}`;
    case "reject load":
      return `reject load ${effect.load}: ${effect.error.code}`;
    case "resolve device":
      return `resolve device ${effect.call}`;
    case "reject call":
      return `reject call ${effect.call}: ${effect.error.code}`;
    case "report device":
      return `report ${effect.status.kind}`;
    case "report model":
      return `report model ${effect.model.id}`;
    case "report model crash":
      return `report model crash: ${effect.error.code}`;
    case "schedule comparison":
    case "clear timers":
      return effect.do;
    case "remember speeds":
      return `remember cpu ${effect.speeds.cpu}, webgpu ${effect.speeds.webgpu}`;
  }
}

function openingOf(opening: Opening): string {
  if (opening.by === "cpu") return `on cpu (${opening.reason})`;
  return `by ${opening.policy}${opening.lost === undefined ? "" : " after a loss"}`;
}
