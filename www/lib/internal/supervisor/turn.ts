import { ResNetError } from "../../../protocol/errors";
import type { DeviceStatus, LoadedModel } from "../../../protocol/types";
import type { Effect, ModelRequest, Opening, State, WorkerId } from "./state";

/** One step under way: the state so far, and the effects. */
export interface Turn {
  now: { -readonly [Key in keyof State]: State[Key] };
  readonly effects: Effect[];
}

export const isRunning = ({ now }: Turn, worker: WorkerId) => now.running.has(worker);

export function replaced(): ResNetError {
  return new ResNetError("runtime-replaced", "Another worker has taken over: try again.");
}

/** Starts a worker. Returns its id. */
export function start(turn: Turn, opening: Opening): WorkerId {
  const { now, effects } = turn;
  const worker = now.started;
  now.started += 1;
  now.running = new Map(now.running).set(worker, now.threads);
  effects.push({ do: "start", worker, opening, threads: now.threads });
  return worker;
}

/** Ends a worker. */
export function close(turn: Turn, worker: WorkerId, error: ResNetError): void {
  forget(turn, worker);
  turn.effects.push({ do: "close", worker, error });
}

/** Ends a worker that was started beside the one in use, and is not needed. */
export function discard(turn: Turn, worker: WorkerId | undefined): void {
  if (worker === undefined) return;
  close(turn, worker, new ResNetError("aborted", "The other device is not needed."));
}

/** A worker has ended. */
export function forget({ now }: Turn, worker: WorkerId): void {
  const running = new Map(now.running);
  running.delete(worker);
  now.running = running;
  const retiring = new Set(now.retiring);
  retiring.delete(worker);
  now.retiring = retiring;
}

/** Ends a worker once its calls are done. */
function retire(turn: Turn, worker: WorkerId): void {
  const { now, effects } = turn;
  forget(turn, worker);
  now.retiring = new Set(now.retiring).add(worker);
  effects.push({ do: "retire", worker, error: replaced() });
}

/** Replaces the worker in use, which completes its calls before it ends. */
export function take(turn: Turn, worker: WorkerId, status: DeviceStatus): void {
  const { now, effects } = turn;
  retire(turn, now.worker);
  now.worker = worker;
  now.opening = { by: "policy", policy: now.policy };
  now.sameDevice = undefined;
  now.deviceError = undefined;
  now.recovery = undefined;
  note(turn, status);
  // A number that was chosen while the worker was being prepared.
  if (now.running.get(worker) !== now.threads) {
    effects.push({ do: "set threads", worker, threads: now.threads });
  }
}

/** Notes the device in use, and reports it. */
export function note({ now, effects }: Turn, status: DeviceStatus): void {
  now.device = status;
  now.adapter = status.adapter ?? now.adapter;
  effects.push({ do: "report device", status });
}

/** Notes the model that has been loaded into the worker in use, and reports it. */
export function show({ now, effects }: Turn, model: LoadedModel): void {
  now.model = model;
  effects.push({ do: "report model", model });
}

/** Has a worker build a model. */
export function stage({ effects }: Turn, worker: WorkerId, { load }: ModelRequest): void {
  effects.push({ do: "stage", worker, request: load });
}

/** Loads the model again, into the worker that is in use now. */
export function reload(turn: Turn): void {
  const { now } = turn;
  const { request, worker } = now;
  now.recovery = request && { phase: "staging", worker, request };
  if (request) stage(turn, worker, request);
}

/** Replaces the worker in use by another, which opens a device and loads the same model. */
export function replace(turn: Turn, error: ResNetError, opening: Opening): void {
  const { now } = turn;
  close(turn, now.worker, error);
  now.worker = start(turn, opening);
  now.opening = opening;
  now.sameDevice = undefined;
  now.device = undefined;
  now.deviceError = undefined;
  reload(turn);
}

/** Replaces the worker in use by one on a device of the same kind, with the same model. */
export function reopen(turn: Turn, error: ResNetError): void {
  const { now } = turn;
  const { device, opening, worker, secondGpu } = now;
  replace(turn, error, device?.kind === "cpu" ? onCpu(device) : opening);
  now.sameDevice = device;
  if (secondGpu === worker) now.secondGpu = now.worker;
}

function onCpu({ reason, detail }: DeviceStatus): Opening {
  return { by: "cpu", reason, ...(detail !== undefined && { detail }) };
}
