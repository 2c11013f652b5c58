import { aborted, isReplaced, type ResNetError } from "../../../protocol/errors";
import type { DeviceStatus, LoadedModel } from "../../../protocol/types";
import { abandonRace, best, measured, rememberedSpeeds, shouldMove } from "./device-race";
import type { LoadTask, ModelRequest, WorkerId } from "./state";
import { discard, isRunning, note, reload, stage, start, type Turn, take } from "./turn";

/** The time limit for a worker to acknowledge that a load is cancelled, in milliseconds. */
const CANCEL_WITHIN = 1000;

/** Begins a load, which cancels the one before. */
export function requestLoad(turn: Turn, request: ModelRequest) {
  if (turn.now.load) cancelLoad(turn, turn.now.load);
  turn.now.load = { request, phase: "waiting", mayMove: true };
}

export function cancelLoad(turn: Turn, task: LoadTask) {
  abandon(turn, task);
  reject(turn, task, aborted());
}

/** Sends a load that waits to its worker: to one with another device, if that is known to be faster for the model. */
export function sendLoad(turn: Turn, task: LoadTask) {
  const { now } = turn;
  const { request } = task;
  const here: LoadTask = { request, phase: "staging", mayMove: task.mayMove, worker: now.worker };
  // Where nothing is remembered, the download need not wait for the device.
  const isRemembered = request.speeds.size > 0;
  if (task.mayMove && (isRemembered || now.device?.reason === "cpu-faster")) {
    if (now.deviceError) return reject(turn, task, now.deviceError);
    if (!now.device) return;
    if (shouldMove(now, now.device, request)) {
      const worker = start(turn, best(now, request, now.policy));
      now.load = { ...here, phase: "opening", worker, policy: now.policy };
      return;
    }
    const speeds = rememberedSpeeds(now, request, now.policy);
    if (speeds) note(turn, measured(now.device, speeds));
  }
  now.load = here;
  stage(turn, now.worker, request);
}

export function loadOpened(turn: Turn, task: LoadTask, worker: WorkerId, opened: DeviceStatus) {
  const speeds = rememberedSpeeds(turn.now, task.request, turn.now.policy);
  const status = speeds ? measured(opened, speeds) : opened;
  turn.now.load = { ...task, phase: "staging", status };
  stage(turn, worker, task.request);
}

/** Either device will do. */
export function loadNotOpened(turn: Turn, task: LoadTask) {
  discard(turn, task.worker);
  again(turn, task, false);
}

/** Puts a staged model in use, here and in its worker. */
export function loadStaged(turn: Turn, task: LoadTask, worker: WorkerId, model: LoadedModel) {
  const { now, effects } = turn;
  const { request, status } = task;
  if (isStale(turn, task)) {
    abandon(turn, task);
    return again(turn, task, task.mayMove);
  }
  // The GPU is timed with the model that it has: not with this one in the place of the one before.
  if (now.race && now.race.phase !== "timing cpu") abandonRace(turn, now.race);
  const { id } = request.load;
  now.previous = now.request;
  now.request = request;
  now.model = model;
  now.isProven = false;
  now.recovery = undefined;
  now.load = undefined;
  effects.push({ do: "commit", worker, load: id });
  if (status) take(turn, worker, status);
  effects.push({ do: "resolve load", load: id, model });
}

export function loadFailed(turn: Turn, task: LoadTask, error: ResNetError) {
  const wasStale = isStale(turn, task);
  if (task.policy !== undefined) discard(turn, task.worker);
  const culprit = turn.now.culprits.get(task.request.load.id);
  if (culprit) return reject(turn, task, culprit);
  // Weights that are too much for one device may fit on the one that has replaced it.
  if (!isReplaced(error.code) || !wasStale) return reject(turn, task, error);
  again(turn, task, task.mayMove && task.policy === undefined);
}

/** Sends a load that is under way to the device that has just been put in use. */
export function followDevice(turn: Turn) {
  const { load } = turn.now;
  if (!load || load.phase === "waiting" || !isStale(turn, load)) return;
  abandon(turn, load);
  again(turn, load, load.mayMove);
}

/** A model that the worker does not put in use is loaded again. */
export function commitFailed(turn: Turn, worker: WorkerId, load: number) {
  const { now } = turn;
  const isInUse = worker === now.worker && load === now.request?.load.id;
  if (isInUse && isRunning(turn, worker) && !now.recovery) reload(turn);
}

/** Whether a model that is loaded into this task's worker would not be in use there, because another one has replaced it. */
function isStale({ now }: Turn, { worker, policy }: LoadTask): boolean {
  if (policy === undefined) return worker !== now.worker;
  return !now.running.has(worker ?? -1) || policy !== now.policy;
}

/** Cancels what is loaded into a worker. */
function abandon(turn: Turn, { phase, worker, policy, request }: LoadTask) {
  if (worker === undefined || phase === "waiting") return;
  if (policy !== undefined) return discard(turn, worker);
  const drop = { worker, load: request.load.id };
  turn.effects.push({ do: "drop", ...drop });
  if (!isRunning(turn, worker)) return;
  turn.now.drops = [...turn.now.drops, drop];
  turn.effects.push({ do: "limit drop", ...drop, milliseconds: CANCEL_WITHIN });
}

function again({ now }: Turn, { request }: LoadTask, mayMove: boolean) {
  now.load = { request, phase: "waiting", mayMove };
}

function reject({ now, effects }: Turn, { request }: LoadTask, error: ResNetError) {
  now.load = undefined;
  effects.push({ do: "reject load", load: request.load.id, error });
}
