import { aborted, type ResNetError } from "../../../protocol/errors";
import type { DevicePolicy, DeviceStatus, LoadedModel } from "../../../protocol/types";
import { best, measured, rememberedSpeeds } from "./device-race";
import { followDevice } from "./load";
import type { DeviceChange, WorkerId } from "./state";
import { discard, show, stage, start, type Turn, take } from "./turn";

/** Begins a choice of a device, which cancels the one before. */
export function requestChange(turn: Turn, call: number, policy: DevicePolicy) {
  if (turn.now.change) failChange(turn, turn.now.change, aborted());
  turn.now.change = { call, policy, phase: "waiting" };
}

/** Opens the device in a worker beside the one in use. */
export function openChange(turn: Turn, { call, policy }: DeviceChange) {
  const worker = start(turn, best(turn.now, turn.now.request, policy));
  turn.now.change = { call, policy, phase: "opening", worker };
}

export function changeOpened(
  turn: Turn,
  change: DeviceChange,
  worker: WorkerId,
  status: DeviceStatus,
) {
  moveModel(turn, { ...change, status }, worker, status);
}

export function changeStaged(
  turn: Turn,
  change: DeviceChange,
  worker: WorkerId,
  model: LoadedModel,
) {
  turn.now.change = { ...change, phase: "committing", model };
  turn.effects.push({ do: "commit", worker, load: model.id });
}

export function changeCommitted(turn: Turn, change: DeviceChange, worker: WorkerId) {
  if (change.status) moveModel(turn, change, worker, change.status);
}

export function failChange(turn: Turn, change: DeviceChange, error: ResNetError) {
  discard(turn, change.worker);
  turn.now.change = undefined;
  turn.effects.push({ do: "reject call", call: change.call, error });
}

/** Loads the model into the worker, then puts that in use. Meanwhile the model, or its labels, may have changed again. */
function moveModel(turn: Turn, change: DeviceChange, worker: WorkerId, status: DeviceStatus) {
  const { now, effects } = turn;
  const { request } = now;
  if (request && request.load !== change.request?.load) {
    now.change = { ...change, phase: "staging", request };
    return stage(turn, worker, request);
  }
  if (!request && change.request) {
    // What the worker holds has crashed the code elsewhere, and no model came before it.
    discard(turn, worker);
    now.change = { call: change.call, policy: change.policy, phase: "waiting" };
    return;
  }
  const { call, policy, model } = change;
  now.policy = policy;
  now.compared = undefined;
  now.change = undefined;
  const speeds = rememberedSpeeds(now, request, policy);
  const used = speeds ? measured(status, speeds) : status;
  take(turn, worker, used);
  if (model && request) show(turn, model);
  effects.push({ do: "resolve device", call, status: used });
  followDevice(turn);
}
