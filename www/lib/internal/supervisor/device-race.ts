import type { DevicePolicy, DeviceStatus, LoadedModel, Speeds } from "../../../protocol/types";
import { faster } from "../speeds";
import type { DeviceRace, ModelRequest, Opening, State, WorkerId } from "./state";
import { discard, note, show, stage, start, type Turn, take } from "./turn";

/** The delay after the first image before both devices are timed, in milliseconds: that image comes first. */
export const COMPARE_AFTER = 1500;

/** Whether a measurement chooses the device. */
export function isMeasured(policy: DevicePolicy): boolean {
  return policy === "auto" || policy === "fastest";
}

/** A device that was chosen by how fast both are. */
export function measured(status: DeviceStatus, speeds: Speeds): DeviceStatus {
  return status.kind === faster(speeds)
    ? { ...status, reason: `${status.kind}-faster`, speeds }
    : { ...status, speeds };
}

/** How fast both devices run a model, where that is remembered and a measurement chooses the device. */
export function rememberedSpeeds(
  { adapter }: Pick<State, "adapter">,
  request: ModelRequest | undefined,
  policy: DevicePolicy,
): Speeds | undefined {
  if (!isMeasured(policy) || adapter === undefined) return undefined;
  return request?.speeds.get(adapter);
}

/** Opens a device by a policy, or at once the CPU where that is known to be faster for a model. */
export function best(
  state: Pick<State, "adapter">,
  request: ModelRequest | undefined,
  policy: DevicePolicy,
): Opening {
  const speeds = rememberedSpeeds(state, request, policy);
  if (speeds && faster(speeds) === "cpu") return { by: "cpu", reason: "cpu-faster" };
  return { by: "policy", policy };
}

/** Whether a load should go to a device other than the one in use. */
export function shouldMove(
  state: Pick<State, "adapter" | "policy">,
  device: DeviceStatus,
  request: ModelRequest,
): boolean {
  const speeds = rememberedSpeeds(state, request, state.policy);
  // A CPU that was chosen for the model before says nothing of this one.
  const wanted = speeds ? faster(speeds) : "webgpu";
  return device.kind !== wanted && (device.kind !== "cpu" || device.reason === "cpu-faster");
}

/** Schedules the comparison of both devices, unless that was done for this model or is not wanted. */
export function scheduleRace({ now, effects }: Turn) {
  const id = now.request?.load.id;
  if (!now.measures || id === undefined || now.compared === id) return;
  now.compared = id;
  effects.push({ do: "schedule comparison", milliseconds: COMPARE_AFTER });
}

/** Begins to time both devices, where the GPU is in use and the faster one is wanted. */
export function beginRace(turn: Turn) {
  const { now } = turn;
  const { device, request, race } = now;
  if (!device || !request || race) {
    // Neither a device that is being opened again nor another comparison lasts: the next image schedules this one again.
    now.compared = undefined;
    return;
  }
  if (device.kind !== "webgpu" || device.speeds || !isMeasured(now.policy)) return;
  now.compared = request.load.id;
  const cpu = start(turn, { by: "cpu", reason: "cpu-faster" });
  now.race = { phase: "opening", request, webgpu: now.worker, cpu };
}

export function raceOpened(turn: Turn, race: DeviceRace, status: DeviceStatus) {
  turn.now.race = { ...race, phase: "staging", status };
  stage(turn, race.cpu, race.request);
}

export function raceStaged(turn: Turn, race: DeviceRace, model: LoadedModel) {
  turn.now.race = { ...race, phase: "committing", model };
  turn.effects.push({ do: "commit", worker: race.cpu, load: race.request.load.id });
}

export function raceCommitted(turn: Turn, race: DeviceRace) {
  turn.now.race = { ...race, phase: "timing webgpu" };
  turn.effects.push({ do: "time", worker: race.webgpu, load: race.request.load.id });
}

/** Times the CPU after the GPU, then uses the faster one. */
export function raceTimed(turn: Turn, race: DeviceRace, worker: WorkerId, time: number) {
  const { now, effects } = turn;
  if (race.phase === "timing webgpu" && worker === race.webgpu) {
    now.race = { ...race, phase: "timing cpu", milliseconds: time };
    effects.push({ do: "time", worker: race.cpu, load: race.request.load.id });
    return;
  }
  const { request, status, model, milliseconds } = race;
  if (race.phase !== "timing cpu" || worker !== race.cpu) return;
  if (!status || !model || milliseconds === undefined) return;
  const speeds = { cpu: time, webgpu: milliseconds };
  const adapter = now.adapter ?? "";
  effects.push({ do: "remember speeds", request: request.load, adapter, speeds });
  const { request: inUse } = now;
  // Its labels may have been set meanwhile, which the CPU's worker does not have.
  const hasLabels = request.load === inUse?.load;
  const isStale = race.webgpu !== now.worker || request.load.id !== inUse?.load.id;
  if (inUse && !isStale) {
    now.request = { ...inUse, speeds: new Map(inUse.speeds).set(adapter, speeds) };
  }
  // A load or a choice that is under way decides by itself where the model goes.
  if (isStale || now.load || now.change || !isMeasured(now.policy)) {
    return abandonRace(turn, race);
  }
  if (faster(speeds) === "cpu") {
    if (!hasLabels) return abandonRace(turn, race);
    now.race = undefined;
    take(turn, race.cpu, measured(status, speeds));
    return show(turn, model);
  }
  now.race = undefined;
  discard(turn, race.cpu);
  if (now.device) note(turn, measured(now.device, speeds));
}

/** Ends a comparison that events have overtaken. The next image of the same model schedules another. */
export function abandonRace(turn: Turn, race: DeviceRace) {
  const { now } = turn;
  now.race = undefined;
  if (now.compared === race.request.load.id) now.compared = undefined;
  discard(turn, race.cpu);
}

/** Whatever the fault, the device in use stays in use. */
export function raceFailed(turn: Turn, race: DeviceRace) {
  turn.now.race = undefined;
  discard(turn, race.cpu);
}
