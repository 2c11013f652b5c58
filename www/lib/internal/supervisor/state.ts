import type { ResNetError } from "../../../protocol/errors";
import type { LoadRequest } from "../../../protocol/messages";
import type {
  DevicePolicy,
  DeviceReason,
  DeviceStatus,
  LoadedModel,
  Speeds,
  ThreadCount,
} from "../../../protocol/types";
import type { Trouble } from "./recovery";

/** A worker, by the order in which workers are started. */
export type WorkerId = number;

/** How a worker opens its device. */
export type Opening =
  /** By a policy. `lost` says how the device was lost that this one replaces. */
  | { by: "policy"; policy: DevicePolicy; lost?: string }
  /** On the CPU, with the reason for that. */
  | { by: "cpu"; reason: DeviceReason; detail?: string };

/** A model that was asked for, and what is remembered of it: its speeds, by the GPU's adapter. */
export interface ModelRequest {
  load: LoadRequest;
  speeds: ReadonlyMap<string, Speeds>;
}

/** What a call waits for before it is sent: a worker, a worker with the model, or an open device. */
export type Need = "worker" | "model" | "device";

/** A call that has not been sent yet. */
export interface WaitingCall extends Attempts {
  call: number;
  needs: Need;
}

/** What has been tried again for a call that waits. Each is tried once. */
export interface Attempts {
  /** A worker that could not be started was started again. */
  restarted?: true;
  /** A model that could not be loaded again was loaded once more. */
  reloaded?: true;
}

/** The newest load, until it succeeds, fails or is cancelled. */
export interface LoadTask extends Attempts {
  request: ModelRequest;
  /** `opening` is about a candidate's device. */
  phase: "waiting" | "opening" | "staging";
  /** Whether it may go to another device, known to be faster. */
  mayMove: boolean;
  /** Where it goes. */
  worker?: WorkerId;
  /** Set for a worker that is not in use yet: the policy by which its device was chosen. */
  policy?: DevicePolicy;
  /** That worker's device, once it is open. */
  status?: DeviceStatus;
}

/** The newest choice of a device, until it is in use, fails or is cancelled. */
export interface DeviceChange extends Attempts {
  call: number;
  policy: DevicePolicy;
  phase: "waiting" | "opening" | "staging" | "committing";
  worker?: WorkerId;
  status?: DeviceStatus;
  /** What is loaded into its worker. */
  request?: ModelRequest;
  model?: LoadedModel;
}

/** Both devices are timed on the loaded model: the GPU in use, and the CPU in another worker. */
export interface DeviceRace {
  phase: "opening" | "staging" | "committing" | "timing webgpu" | "timing cpu";
  request: ModelRequest;
  /** The GPU's worker. */
  webgpu: WorkerId;
  /** The CPU's worker. */
  cpu: WorkerId;
  status?: DeviceStatus;
  model?: LoadedModel;
  /** How long the GPU takes, in milliseconds. */
  milliseconds?: number;
}

/** The way back to the model in a worker that has replaced another. */
export type Recovery =
  | {
      phase: "staging" | "committing";
      worker: WorkerId;
      request: ModelRequest;
      model?: LoadedModel;
    }
  | { phase: "failed"; error: ResNetError };

/** A cancelled load, until its worker acknowledges that or ends. No call is sent meanwhile. */
export interface Drop {
  worker: WorkerId;
  load: number;
}

/** Everything that decides what happens next. Plain data, never changed in place. */
export interface State {
  readonly policy: DevicePolicy;
  readonly threads: ThreadCount;
  /** Whether both devices may be timed. */
  readonly measures: boolean;
  /** The number of workers that were started. */
  readonly started: number;
  /** Workers that run, with the number of threads that each was opened with. */
  readonly running: ReadonlyMap<WorkerId, ThreadCount>;
  /** Workers that another has replaced, and that complete their calls before they end. */
  readonly retiring: ReadonlySet<WorkerId>;
  /** The worker in use. It may have ended. */
  readonly worker: WorkerId;
  /** How its device is opened. */
  readonly opening: Opening;
  /** A device to report instead of an equal one, so that the page does not announce it again. */
  readonly sameDevice: DeviceStatus | undefined;
  /** The device in use, once it is open. */
  readonly device: DeviceStatus | undefined;
  /** Why it could not be opened. */
  readonly deviceError: ResNetError | undefined;
  /** The GPU's adapter, once one was opened. */
  readonly adapter: string | undefined;
  /** What the model in use was loaded from. */
  readonly request: ModelRequest | undefined;
  /** The model in use. It stays while it is loaded again. */
  readonly model: LoadedModel | undefined;
  /** What the previous model was loaded from, until the model has classified an image. */
  readonly previous: ModelRequest | undefined;
  /** Whether the model has classified an image. */
  readonly isProven: boolean;
  readonly recovery: Recovery | undefined;
  readonly load: LoadTask | undefined;
  readonly change: DeviceChange | undefined;
  readonly race: DeviceRace | undefined;
  /** The id of the model for which both devices have been timed, or are about to be: no image schedules that again. */
  readonly compared: number | undefined;
  readonly drops: readonly Drop[];
  readonly calls: readonly WaitingCall[];
  /** Restarts after crashes that no model is to blame for. */
  readonly restarts: number;
  /** Models that crashed the code, by id. */
  readonly culprits: ReadonlyMap<number, ResNetError>;
  /** The worker whose GPU replaced a lost one, until it has classified an image. */
  readonly secondGpu: WorkerId | undefined;
  /** Why no worker is started any more. */
  readonly ended: ResNetError | undefined;
}

/** What happens: a request, a response of a worker, or a timer. */
export type Event =
  | { type: "load requested"; request: ModelRequest }
  | { type: "load cancelled"; load: number }
  | { type: "device requested"; call: number; policy: DevicePolicy }
  | { type: "threads requested"; threads: ThreadCount }
  /** A call asks for what it needs. */
  | { type: "call requested"; call: number; needs: Need }
  | { type: "call cancelled"; call: number }
  | { type: "disposed" }
  | { type: "opened"; worker: WorkerId; status: DeviceStatus }
  | { type: "open failed"; worker: WorkerId; error: ResNetError }
  | { type: "staged"; worker: WorkerId; load: number; model: LoadedModel }
  | { type: "stage failed"; worker: WorkerId; load: number; error: ResNetError }
  | { type: "committed"; worker: WorkerId; load: number }
  | { type: "commit failed"; worker: WorkerId; load: number; error: ResNetError }
  /** A worker has acknowledged that a load is cancelled, or has ended. */
  | { type: "dropped"; worker: WorkerId; load: number }
  | { type: "timed"; worker: WorkerId; load: number; milliseconds: number }
  | { type: "timing failed"; worker: WorkerId; load: number }
  | { type: "threads set"; worker: WorkerId; status: DeviceStatus }
  | { type: "labelled"; labels: string | Blob; model: LoadedModel }
  /** An image has been classified. */
  | { type: "classified"; worker: WorkerId; model: number }
  | { type: "trouble"; worker: WorkerId; trouble: Trouble }
  /** The worker's script did not start. */
  | { type: "not started"; worker: WorkerId }
  /** A worker has completed its calls and ended. */
  | { type: "retired"; worker: WorkerId }
  /** A worker has not acknowledged in time that a load is cancelled. */
  | { type: "drop is late"; worker: WorkerId; load: number; isBuilding: boolean }
  /** It is time to compare both devices. */
  | { type: "comparison is due" };

/** What the reducer asks for. Effects run in order, after the state has changed. */
export type Effect =
  /** Starts a worker and opens its device: `opened` or `open failed` follows. */
  | { do: "start"; worker: WorkerId; opening: Opening; threads: ThreadCount }
  /** Builds a model without using it: `staged` or `stage failed` follows. */
  | { do: "stage"; worker: WorkerId; request: LoadRequest }
  /** Puts a staged model in use: `committed` or `commit failed` follows. */
  | { do: "commit"; worker: WorkerId; load: number }
  /** Cancels a load: `dropped` follows. */
  | { do: "drop"; worker: WorkerId; load: number }
  /** Times the model of a load: `timed` or, where another one is in use, `timing failed` follows. */
  | { do: "time"; worker: WorkerId; load: number }
  /** Changes the number of threads: `threads set` may follow. */
  | { do: "set threads"; worker: WorkerId; threads: ThreadCount }
  /** Ends a worker; calls under way fail with `error`. */
  | { do: "close"; worker: WorkerId; error: ResNetError }
  /** Ends a worker as soon as its calls are done: `retired` follows. */
  | { do: "retire"; worker: WorkerId; error: ResNetError }
  /** Sends a call that has waited. */
  | { do: "send"; call: number; worker: WorkerId }
  /** Settles what was asked for. */
  | { do: "resolve load"; load: number; model: LoadedModel }
  | { do: "reject load"; load: number; error: ResNetError }
  | { do: "resolve device"; call: number; status: DeviceStatus }
  | { do: "reject call"; call: number; error: ResNetError }
  | { do: "report device"; status: DeviceStatus }
  | { do: "report model"; model: LoadedModel }
  | { do: "report model crash"; error: ResNetError }
  /** After so many milliseconds, `drop is late` follows. */
  | { do: "limit drop"; worker: WorkerId; load: number; milliseconds: number }
  /** After so many milliseconds, `comparison is due` follows. A newer one replaces it. */
  | { do: "schedule comparison"; milliseconds: number }
  | { do: "clear timers" }
  | { do: "remember speeds"; request: LoadRequest; adapter: string; speeds: Speeds };
