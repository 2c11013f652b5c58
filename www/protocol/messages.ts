import type { ErrorRecord } from "./errors";
import type { EvidenceFor, ExternalFile, Kept, WeightChoices } from "./types";

/** A load that was asked for, as plain data. */
export interface LoadRequest {
  /** The id of the load, which the model keeps wherever it is loaded again. */
  id: number;
  /** A weight file's bytes, its address, or that of a manifest (`.json`) that names one. */
  weights: string | Blob;
  /** Files of external data beside `weights`, where those are no address. */
  external?: ExternalFile[];
  choices: WeightChoices;
  /** A file of labels, or a configuration with labels or preprocessing; or its address. */
  labels?: string | Blob;
  sha256?: string;
}

/** A weight file that is here. */
export interface WeightFile {
  /** Its bytes, which the browser may have on disk: read it by slices. */
  blob: Blob;
  /** The file's own name, from its address. */
  name?: string;
  /** Whether the browser keeps it, and if not, why. */
  kept: Kept;
  /** Configurations that were beside it: they count where it says nothing itself. */
  beside?: Blob[];
  /** The files in which it has weights, as ONNX models may. */
  external?: ExternalFile[];
}

/** What a worker builds a model from. */
export interface BuildRequest extends Omit<LoadRequest, "weights" | "external" | "sha256"> {
  file: WeightFile;
}

/** What a run of the network is to return. */
export interface Wanted {
  /** How many of the most probable classes; none for an embedding alone. */
  top: number;
  evidence?: EvidenceFor;
  embedding?: boolean;
}

/** The outcome of a call, as plain data: errors lose their properties on the way out of a worker. */
export type Settled<T> = { ok: true; value: T } | { ok: false; error: ErrorRecord };

/** The worker's script runs and receives calls. */
export interface StartNotice {
  started: true;
}

/** A network is being built, in one long synchronous call, or that is over. */
export interface BuildNotice {
  /** The id of the load; null when it is over. */
  building: number | null;
}

/** The wasm code has died. The worker answers nothing more. */
export interface CrashNotice {
  /** The message of the panic or the trap. */
  crashed: string;
  /** The id of the model that was being built or run, if any. */
  model?: number;
}

/** A fault of the GPU: its device was lost, or its results cannot be trusted any more. */
export interface GpuTrouble {
  gpu: "lost" | "failed";
  /** What happened, in a sentence. */
  message: string;
}

/**
 * What a worker reports of its GPU by itself.
 *
 * The page holds the clock, not the worker, which may itself be stuck in a call of the driver's.
 */
export type GpuNotice =
  | GpuTrouble
  /** An answer of the GPU is due; if none comes within so many milliseconds, this is what happened. */
  | { gpu: "due"; within: number; otherwise: GpuTrouble }
  /** It has come. */
  | { gpu: "answered" };

/** A wasm module with threads. */
export type ThreadedModule = "cpu-threads" | "cpu-relaxed-threads";

/** What a worker thread starts with. */
export interface ThreadStart {
  name: ThreadedModule;
  /** The compiled code. */
  module: WebAssembly.Module;
  /** The memory that all threads share. */
  memory: WebAssembly.Memory;
}

/** What became of a worker thread that was asked for. */
export type ThreadOutcome = { joined: true } | { failed: string };

/**
 * A worker asks for a worker thread. The library starts it, not the worker: in Firefox a worker that starts another one can
 * wait for ever, since `WorkerPrivate::SetIsDebuggerRegistered` wakes one thread only, which may be the new worker's own.
 */
export interface ThreadNotice {
  thread: ThreadStart;
  /** Receives the {@link ThreadOutcome}. */
  port: MessagePort;
}

/** The messages of a worker that are no answers of Comlink's. */
export type WorkerNotice = StartNotice | BuildNotice | CrashNotice | GpuNotice | ThreadNotice;
