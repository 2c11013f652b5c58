/* tslint:disable */
/* eslint-disable */
import type { Classification, Description, DeviceKind, DeviceReport, LayerTime, ModelInfo, SeenChannel, SeenLayer, Summary, WeightChoices } from "../../protocol/types";



/**
 * A device that has passed the self-check.
 */
export class Engine {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Reads a weight file and builds its network on the device. The blob can go afterwards.
     *
     * # Errors
     * `weights-format`, `weights-unreadable`, `weights-missing`, `weights-shape`, `weights-dtype`, `weights-values`,
     * `weights-architecture`, `device-failed`, `device-lost`.
     */
    load(weights: Blob, choices: WeightChoices): Model;
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
 * What one run showed, until it is freed.
 */
export class Inspection {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The channels of the layer at this place, that with the largest activation first; none where there is no such layer.
     */
    channels(place: number): SeenChannel[];
    /**
     * The pictures of so many of those channels from the `from`-th on, a byte a pixel.
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
     * Classifies RGBA pixels, row by row, as `ImageData` has them; tells where the evidence for a class lies, too, if one is
     * given: its index, or `"first"` for the most probable one.
     *
     * # Errors
     * `image-size`, `class-index`, `device-failed`, `device-lost`.
     */
    classify(rgba: Uint8Array | number[], width: number, height: number, top: number, evidence: "first" | number | undefined): Promise<Classification>;
    /**
     * Runs the network on RGBA pixels and looks at every layer. On the CPU only.
     *
     * # Errors
     * `image-size`, `device-failed`.
     */
    inspect(rgba: Uint8Array | number[], width: number, height: number): Inspection;
    /**
     * How long a GPU takes for each layer; null on the CPU, and where the GPU or the browser does not tell.
     *
     * # Errors
     * `device-lost`.
     */
    layerTimes(): Promise<LayerTime[] | null>;
    /**
     * Runs the network alone: a prepared picture `[1, channels, height, width]`, row by row, to logits.
     *
     * # Errors
     * `image-size`, `device-failed`, `device-lost`.
     */
    logits(input: Float32Array | number[]): Promise<Float32Array>;
    /**
     * Gives the classes other names, in the order of the logits.
     *
     * # Errors
     * `labels`: another number of labels than of classes. Those before stay.
     */
    setLabels(labels: string[]): void;
    /**
     * What the weight file says of itself, or what its tensors tell.
     */
    readonly info: ModelInfo;
    /**
     * A row for each layer.
     */
    readonly summary: Summary;
}

/**
 * Makes the calling worker a helper. It is left only by a trap.
 */
export function runWorkerThread(place: number): void;

/**
 * Says that a helper trapped, so that nobody waits for it.
 */
export function workerThreadDied(): void;

/**
 * How many workers are helping.
 */
export function workerThreads(): number;

/**
 * Counts the calling worker among the helpers and tells its place; [`help`] has to follow.
 */
export function joinThreadPool(): number;

/**
 * Reads a file that describes a model beside its weights: labels, or a configuration of Hugging Face or timm.
 *
 * # Errors
 * `labels`: what is neither, or says nothing.
 */
export function readDescription(bytes: Uint8Array | number[]): Description;

/**
 * Calls `listener` with the message and place of a panic, before the instance dies of it.
 *
 * The listener must not call into the instance again. It is needed because a panic inside an async function leaves
 * its promise pending for ever.
 */
export function setPanicListener(listener: (message: string) => void): void;

/**
 * Sets how many threads compute, the caller included: at most one more than there are helpers. Tells how many do.
 */
export function setThreads(count: number): number;

/**
 * The memory, to be shared with it.
 */
export function sharedMemory(): any;

/**
 * The compiled module, to be started again in another worker on the same memory.
 */
export function sharedModule(): any;

/**
 * Runs when the module is loaded: panics and the GPU's complaints go to the console.
 */
export function start(): void;

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
