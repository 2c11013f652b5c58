import { ResNetError } from "../../../protocol/errors";
import type { DevicePolicy, DeviceStatus, LoadedModel, ThreadCount } from "../../../protocol/types";
import { disposed } from "../abort";
import {
  changeCommitted,
  changeOpened,
  changeStaged,
  failChange,
  openChange,
  requestChange,
} from "./device-change";
import {
  beginRace,
  raceCommitted,
  raceFailed,
  raceOpened,
  raceStaged,
  raceTimed,
  scheduleRace,
} from "./device-race";
import {
  cancelLoad,
  commitFailed,
  loadFailed,
  loadNotOpened,
  loadOpened,
  loadStaged,
  requestLoad,
  sendLoad,
} from "./load";
import type { DeviceRace, Effect, Event, State, WorkerId } from "./state";
import { end, onTrouble } from "./trouble";
import { forget, isRunning, note, reload, reopen, replaced, show, start, type Turn } from "./turn";

/** A state, and what is to be done on the way into it. */
export interface Step {
  state: State;
  effects: readonly Effect[];
}

/** Starts the first worker and opens its device. */
export function begin(policy: DevicePolicy, threads: ThreadCount, measures = true): Step {
  const opening = { by: "policy", policy } as const;
  const now: State = {
    policy,
    threads,
    measures,
    started: 0,
    running: new Map(),
    retiring: new Set(),
    worker: 0,
    opening,
    sameDevice: undefined,
    device: undefined,
    deviceError: undefined,
    adapter: undefined,
    request: undefined,
    model: undefined,
    previous: undefined,
    isProven: false,
    recovery: undefined,
    load: undefined,
    change: undefined,
    race: undefined,
    compared: undefined,
    drops: [],
    calls: [],
    restarts: 0,
    culprits: new Map(),
    secondGpu: undefined,
    ended: undefined,
  };
  const turn: Turn = { now: { ...now }, effects: [] };
  start(turn, opening);
  return { state: turn.now, effects: turn.effects };
}

/**
 * What follows from an event: the next state, and the effects. It decides which worker and which model are in use, for
 * restarts, lost devices, choices of a device, and loads that are cancelled or overtake each other.
 *
 * A worker's response for which nothing waits any more changes nothing. After the end every request is rejected, except that
 * a device that is open is still returned.
 */
export function step(state: State, event: Event): Step {
  const turn: Turn = { now: { ...state }, effects: [] };
  if (event.type === "disposed") {
    end(turn, disposed());
  } else if (state.ended) {
    refuse(turn, event, state.ended);
  } else {
    handle(turn, event);
    proceed(turn);
  }
  return { state: turn.now, effects: turn.effects };
}

function refuse({ now, effects }: Turn, event: Event, error: ResNetError): void {
  if (event.type === "load requested") {
    effects.push({ do: "reject load", load: event.request.load.id, error });
  } else if (event.type === "device requested") {
    effects.push({ do: "reject call", call: event.call, error });
  } else if (event.type === "call requested") {
    const { call, needs } = event;
    if (needs === "device" && now.device) {
      effects.push({ do: "resolve device", call, status: now.device });
    } else effects.push({ do: "reject call", call, error });
  }
}

function handle(turn: Turn, event: Exclude<Event, { type: "disposed" }>) {
  const { now } = turn;
  switch (event.type) {
    case "load requested":
      return requestLoad(turn, event.request);
    case "load cancelled":
      if (now.load?.request.load.id === event.load) cancelLoad(turn, now.load);
      return;
    case "device requested":
      return requestChange(turn, event.call, event.policy);
    case "threads requested":
      now.threads = event.threads;
      return;
    case "call requested": {
      const { call, needs } = event;
      now.calls = [...now.calls, { call, needs }];
      return;
    }
    case "call cancelled":
      now.calls = now.calls.filter(({ call }) => call !== event.call);
      return;
    case "opened":
      return opened(turn, event.worker, event.status);
    case "open failed":
      return openFailed(turn, event.worker, event.error);
    case "staged":
      return staged(turn, event.worker, event.load, event.model);
    case "stage failed":
      return stageFailed(turn, event.worker, event.load, event.error);
    case "committed":
      return committed(turn, event.worker, event.load);
    case "commit failed":
      return uncommitted(turn, event.worker, event.load, event.error);
    case "dropped":
      now.drops = now.drops.filter(({ worker, load }) => !isOf(event, worker, load));
      return;
    case "timed":
      if (now.race && isTimedBy(now.race, event.worker, event.load)) {
        raceTimed(turn, now.race, event.worker, event.milliseconds);
      }
      return;
    case "timing failed":
      if (now.race && isTimedBy(now.race, event.worker, event.load)) raceFailed(turn, now.race);
      return;
    case "threads set": {
      if (event.worker !== now.worker) return;
      const { threads } = event.status;
      note(turn, now.device ? { ...now.device, ...(threads && { threads }) } : event.status);
      return;
    }
    case "labelled": {
      const { request } = now;
      if (request?.load.id !== event.model.id) return;
      now.request = { ...request, load: { ...request.load, labels: event.labels } };
      now.model = event.model;
      return;
    }
    case "classified":
      if (now.secondGpu === event.worker) now.secondGpu = undefined;
      if (event.model === now.request?.load.id) {
        now.isProven = true;
        now.previous = undefined;
      }
      return scheduleRace(turn);
    case "trouble":
      return onTrouble(turn, event.worker, event.trouble);
    case "not started":
    case "retired":
      return forget(turn, event.worker);
    case "drop is late":
      return dropIsLate(turn, event.worker, event.load, event.isBuilding);
    case "comparison is due":
      return beginRace(turn);
    default:
      event satisfies never;
  }
}

function opened(turn: Turn, worker: WorkerId, status: DeviceStatus) {
  const { now } = turn;
  if (worker === now.worker) {
    const same = now.sameDevice;
    note(turn, same?.kind === status.kind ? asBefore(same, status) : status);
    return;
  }
  const { load, change, race } = now;
  if (isOpening(load, worker)) loadOpened(turn, load, worker, status);
  else if (isOpening(change, worker)) changeOpened(turn, change, worker, status);
  else if (race?.phase === "opening" && worker === race.cpu) raceOpened(turn, race, status);
}

/** The same object where nothing has changed, so that the page does not announce the device again. */
function asBefore(before: DeviceStatus, { threads }: DeviceStatus): DeviceStatus {
  if (before.threads?.count === threads?.count) return before;
  return { ...before, ...(threads && { threads }) };
}

function openFailed(turn: Turn, worker: WorkerId, error: ResNetError): void {
  const { now } = turn;
  const { load, change, race } = now;
  if (worker === now.worker) now.deviceError = error;
  else if (isOpening(load, worker)) loadNotOpened(turn, load);
  else if (isOpening(change, worker)) failChange(turn, change, error);
  else if (race?.phase === "opening" && worker === race.cpu) raceFailed(turn, race);
}

function staged(turn: Turn, worker: WorkerId, id: number, model: LoadedModel): void {
  const { now, effects } = turn;
  const { load, change, race, recovery } = now;
  if (recovery?.phase === "staging" && isOf(of(recovery), worker, id)) {
    now.recovery = { ...recovery, phase: "committing", model };
    effects.push({ do: "commit", worker, load: id });
  } else if (load?.phase === "staging" && isOf(of(load), worker, id)) {
    loadStaged(turn, load, worker, model);
  } else if (change?.phase === "staging" && isOf(of(change), worker, id)) {
    changeStaged(turn, change, worker, model);
  } else if (race?.phase === "staging" && worker === race.cpu) {
    raceStaged(turn, race, model);
  } else effects.push({ do: "drop", worker, load: id });
}

function stageFailed(turn: Turn, worker: WorkerId, id: number, error: ResNetError): void {
  const { now } = turn;
  const { load, change, race, recovery } = now;
  if (recovery?.phase === "staging" && isOf(of(recovery), worker, id)) {
    now.recovery = { phase: "failed", error };
  } else if (load?.phase === "staging" && isOf(of(load), worker, id)) {
    loadFailed(turn, load, error);
  } else if (change?.phase === "staging" && isOf(of(change), worker, id)) {
    failChange(turn, change, error);
  } else if (race?.phase === "staging" && worker === race.cpu) raceFailed(turn, race);
}

function committed(turn: Turn, worker: WorkerId, id: number): void {
  const { now } = turn;
  const { change, race, recovery } = now;
  if (recovery?.phase === "committing" && isOf(of(recovery), worker, id)) {
    now.recovery = undefined;
    if (recovery.model) show(turn, recovery.model);
  } else if (change?.phase === "committing" && isOf(of(change), worker, id)) {
    changeCommitted(turn, change, worker);
  } else if (race?.phase === "committing" && worker === race.cpu) raceCommitted(turn, race);
}

function uncommitted(turn: Turn, worker: WorkerId, id: number, error: ResNetError): void {
  const { now } = turn;
  const { change, race, recovery } = now;
  if (recovery?.phase === "committing" && isOf(of(recovery), worker, id)) {
    now.recovery = { phase: "failed", error };
  } else if (change?.phase === "committing" && isOf(of(change), worker, id)) {
    failChange(turn, change, error);
  } else if (race?.phase === "committing" && worker === race.cpu) raceFailed(turn, race);
  else commitFailed(turn, worker, id);
}

/** A worker that is busy with a cancelled load is terminated; one that does something else is waited for. */
function dropIsLate(turn: Turn, worker: WorkerId, load: number, isBuilding: boolean): void {
  const { now } = turn;
  const isAwaited = now.drops.some((drop) => isOf(drop, worker, load));
  if (!isAwaited || !isBuilding) return;
  now.drops = now.drops.filter((drop) => !isOf(drop, worker, load));
  if (worker !== now.worker || !isRunning(turn, worker)) return;
  reopen(
    turn,
    new ResNetError(
      "runtime-replaced",
      "The worker was busy with a cancelled load and has been terminated. The previous model is loaded again in a new one: try again.",
    ),
  );
}

/** Continues what has waited: calls whose worker, model or device is ready, restarts, loads, choices of a device. */
function proceed(turn: Turn) {
  const { now, effects } = turn;
  now.calls = now.calls.filter(({ call, needs }) => {
    if (needs !== "device") return true;
    if (now.device) effects.push({ do: "resolve device", call, status: now.device });
    else if (now.deviceError) effects.push({ do: "reject call", call, error: now.deviceError });
    return !now.device && !now.deviceError;
  });
  if (now.drops.length > 0) return;
  restart(turn);
  if (isRecovering(turn)) return;
  if (now.recovery?.phase === "failed") {
    const waitsForModel = now.calls.some(({ needs, reloaded }) => needs === "model" && !reloaded);
    if (waitsForModel) {
      now.calls = now.calls.map((waiting) => ({ ...waiting, reloaded: true }));
      return reload(turn);
    }
  }
  const { recovery, calls } = now;
  now.calls = calls.filter(({ needs }) => needs === "device");
  for (const { call, needs } of calls) {
    if (needs === "device") continue;
    if (needs === "model" && recovery?.phase === "failed") {
      effects.push({ do: "reject call", call, error: recovery.error });
    } else effects.push({ do: "send", call, worker: now.worker });
  }
  if (now.load?.phase === "waiting") sendLoad(turn, now.load);
  if (now.change?.phase === "waiting") openChange(turn, now.change);
}

function isRecovering({ now: { recovery } }: Turn): boolean {
  return recovery !== undefined && recovery.phase !== "failed";
}

/** Starts a worker that could not be started once more, for each call that waits for it once. */
function restart(turn: Turn): void {
  const { now } = turn;
  if (isRunning(turn, now.worker)) return;
  const isNew = ({ restarted }: { restarted?: true }) => !restarted;
  const { calls, load, change } = now;
  const waits =
    calls.some((call) => call.needs !== "device" && isNew(call)) ||
    (load?.phase === "waiting" && isNew(load)) ||
    (change?.phase === "waiting" && isNew(change));
  if (!waits) return;
  now.calls = calls.map((call) => ({ ...call, restarted: true }));
  if (load?.phase === "waiting") now.load = { ...load, restarted: true };
  if (change?.phase === "waiting") now.change = { ...change, restarted: true };
  reopen(turn, replaced());
}

/** Whether a task opens this worker's device. */
function isOpening<Task extends { phase: string; worker?: WorkerId }>(
  task: Task | undefined,
  worker: WorkerId,
): task is Task {
  return task?.phase === "opening" && task.worker === worker;
}

/** The worker and the load of a task. */
function of({ worker, request }: { worker?: WorkerId; request?: { load: { id: number } } }) {
  return { worker, load: request?.load.id };
}

function isOf(
  { worker, load }: { worker?: WorkerId | undefined; load?: number | undefined },
  otherWorker: WorkerId,
  otherLoad: number,
): boolean {
  return worker === otherWorker && load === otherLoad;
}

/** Whether a race times the model of this load in this worker. */
function isTimedBy({ cpu, webgpu, request }: DeviceRace, worker: WorkerId, load: number): boolean {
  return request.load.id === load && (cpu === worker || webgpu === worker);
}
