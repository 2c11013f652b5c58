/* tslint:disable */
/* eslint-disable */
import type { Classification, Description, DeviceKind, DeviceReport, ExternalFile, LayerTime, ModelInfo, SeenChannel, SeenLayer, Summary, WeightChoices } from "../../protocol/types";


/**
 * A device that has passed the self-check.
 */
export class Engine {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Reads a weight file, with the files of external data of an ONNX model, and builds its network on the device. The blobs
     * are not needed afterwards.
     *
     * # Errors
     * `weights-format`, `weights-unreadable`, `weights-missing`, `weights-shape`, `weights-dtype`, `weights-values`,
     * `weights-architecture`, `device-failed`, `device-lost`.
     */
    load(weights: Blob, choices: WeightChoices, external: readonly ExternalFile[]): Model;
    /**
     * Opens a device and checks it. The CPU module knows only `"cpu"`.
     *
     * # Errors
     * `adapter-unavailable`, `adapter-software`, `device-failed`, `self-check-failed`.
     */
    static open(kind: DeviceKind, allowSoftware: boolean): Promise<Engine>;
    /**
     * What the device is.
     */
    readonly report: DeviceReport;
}

/**
 * The outputs of every layer in one run, until it is freed.
 */
export class Inspection {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The channels of the layer at this index, the one with the largest activation first; none if there is no such layer.
     */
    channels(place: number): SeenChannel[];
    /**
     * The images of `count` of those channels from `from` on, one byte per pixel.
     */
    pixels(place: number, from: number, count: number): Uint8Array;
    /**
     * Every layer, in the order of computation.
     */
    readonly layers: SeenLayer[];
}

/**
 * A network on a device.
 */
export class Model {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Begins what `classify` does, for a caller that may stop it between steps. The run keeps the network and its labels even
     * if this model is freed. With `embedding` its result has the features that enter the head's layers, too. A model without
     * classes gives these alone, for a `top` of zero.
     *
     * # Errors
     * `image-size`, `class-index`, `no-classes`.
     */
    begin(rgba: Uint8Array | number[], width: number, height: number, top: number, evidence: "first" | number | undefined, embedding: boolean): Run;
    /**
     * Classifies RGBA pixels, row by row, as `ImageData` has them. `evidence` asks for a class activation map: of the class
     * with this index, or of the most probable class with `"first"`.
     *
     * # Errors
     * `image-size`, `class-index`, `no-classes`, `device-failed`, `device-lost`.
     */
    classify(rgba: Uint8Array | number[], width: number, height: number, top: number, evidence: "first" | number | undefined): Promise<Classification>;
    /**
     * Runs the network on RGBA pixels and inspects every layer. On the CPU only.
     *
     * # Errors
     * `image-size`, `device-failed`.
     */
    inspect(rgba: Uint8Array | number[], width: number, height: number): Inspection;
    /**
     * How long a GPU takes for each layer; null on the CPU, and if the GPU or the browser has no timestamps.
     *
     * # Errors
     * `device-lost`.
     */
    layerTimes(): Promise<LayerTime[] | null>;
    /**
     * Runs the network alone: a preprocessed image `[1, channels, height, width]`, row by row, to logits.
     *
     * # Errors
     * `image-size`, `device-failed`, `device-lost`.
     */
    logits(input: Float32Array | number[]): Promise<Float32Array>;
    /**
     * Replaces the classes' labels, in the order of the logits.
     *
     * # Errors
     * `labels` if there are more or fewer labels than classes. The labels stay as they were then.
     */
    setLabels(labels: string[]): void;
    /**
     * What the weight file says of itself, or what its tensors show.
     */
    readonly info: ModelInfo;
    /**
     * A row for each layer.
     */
    readonly summary: Summary;
}

/**
 * A classification under way. To free it is to end it.
 */
export class Run {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Computes the next step and returns whether there are more before `finish`: on the CPU the stem and each block are a step;
     * on a GPU there is none, since the network is one submission.
     *
     * # Errors
     * `device-failed` if a step has failed before.
     */
    advance(): boolean;
    /**
     * Computes everything that is left. It can be called once; the run is freed afterwards all the same.
     *
     * # Errors
     * `device-failed`, `device-lost`.
     */
    finish(): Promise<Classification>;
}

/**
 * Adds the calling worker to the thread pool and returns its index. [`run_worker_thread`] must be called next.
 */
export function joinThreadPool(): number;

/**
 * Reads a file that describes a model beside its weights: labels, or a configuration of Hugging Face or timm.
 *
 * # Errors
 * `labels` for any other file, and for one with neither labels nor settings.
 */
export function readDescription(bytes: Uint8Array | number[]): Description;

/**
 * Makes the calling worker a worker thread. Returns only by a trap.
 */
export function runWorkerThread(place: number): void;

/**
 * Calls `listener` with a panic's message and location before the instance traps.
 *
 * The listener must not call into the instance. It is needed because the promise of an async function that panics is never
 * settled.
 */
export function setPanicListener(listener: (message: string) => void): void;

/**
 * Sets how many threads compute, the calling one included: at most one more than there are worker threads. Returns how many
 * do.
 */
export function setThreads(count: number): number;

/**
 * The memory that the workers share.
 */
export function sharedMemory(): any;

/**
 * The compiled module, to be instantiated in another worker on the same memory.
 */
export function sharedModule(): any;

/**
 * Runs when the module is loaded: panics and the GPU's warnings are written to the console.
 */
export function start(): void;

/**
 * Reports that a worker thread trapped, so that no other thread waits for it.
 */
export function workerThreadDied(): void;

/**
 * The number of worker threads.
 */
export function workerThreads(): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput, memory?: WebAssembly.Memory, thread_stack_size?: number }} module - Passing `SyncInitInput` directly is deprecated.
 * @param {WebAssembly.Memory} memory - Deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput, memory?: WebAssembly.Memory, thread_stack_size?: number } | SyncInitInput, memory?: WebAssembly.Memory): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput>, memory?: WebAssembly.Memory, thread_stack_size?: number }} module_or_path - Passing `InitInput` directly is deprecated.
 * @param {WebAssembly.Memory} memory - Deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput>, memory?: WebAssembly.Memory, thread_stack_size?: number } | InitInput | Promise<InitInput>, memory?: WebAssembly.Memory): Promise<InitOutput>;
