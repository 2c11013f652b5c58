/* tslint:disable */
/* eslint-disable */
/** The kinds of device. */
export type DeviceKind = "cpu" | "webgpu";

/** What a device is, and how it passed the self-check. */
export interface DeviceReport {
    kind: DeviceKind;
    /** The adapter's name, as far as the browser tells. */
    name: string;
    /** Whether a GPU's work is in truth done by the CPU. */
    software: boolean;
    /** What maps and weights are stored as. */
    number: "f32" | "f16";
    selfCheck: {
        runs: number;
        /** Layers of a GPU that were held against the CPU's. */
        layers: number;
        /** The largest difference, as a part of the layer's largest number. */
        worstError: number;
        milliseconds: number;
    };
}

/** A layer, or a container of layers. */
export interface LayerRow {
    /** PyTorch's name: `layer1.0.conv1`. */
    name: string;
    /** PyTorch's class: `Conv2d`. */
    kind: string;
    /** 0 for the network's own children. */
    depth: number;
    /** Whether the deeper rows that follow are its parts, and its figures their sum. */
    container: boolean;
    /** `[batch, channels, height, width]` or `[batch, features]`. */
    inputShape: number[];
    outputShape: number[];
    /** `[height, width]` of a convolution's or a pooling's window. */
    kernel: [number, number] | null;
    parameters: number;
    multiplyAdds: number;
}

/** A container comes before what it holds. */
export interface Summary {
    rows: LayerRow[];
    parameters: number;
    multiplyAdds: number;
}

/** What is done to a picture before the network sees it. */
export interface Preprocessing {
    /** The short side's length after resizing, in pixels. */
    resizeShortSide: number;
    /** The side of the square that is cut out of the middle, in pixels. */
    crop: number;
    /** Of red, green and blue, of values between 0 and 1. */
    mean: [number, number, number];
    std: [number, number, number];
}

/** What whoever loads a weight file decides, where the file does not tell or tells wrong. */
export interface WeightChoices {
    /** The file's name, to be shown. */
    name?: string;
    /** Which convolution of a bottleneck block carries the stride. */
    strideOn?: "conv1" | "conv2";
    /** Lengths and colours, together or alone; lengths belong together. */
    preprocessing?: Partial<Preprocessing>;
    /** Which of several sets of weights in the file is taken, by its name there. */
    weightSet?: string;
    /** What convolutions calculate with, where the device can; `"f32"` if left out. */
    arithmetic?: Arithmetic;
}

/** What a file beside the weights tells of a model: labels, or a configuration of Hugging Face or timm. */
export interface Description {
    /** In the order of the logits; empty if it names none. */
    labels: string[];
    preprocessing?: Partial<Preprocessing>;
    strideOn?: "conv1" | "conv2";
    /** Settings of the preprocessing that are not supported here: `{ name: "interpolation", value: "bicubic" }`. */
    unsupported: { name: string; value: string }[];
}

/**
 * What convolutions calculate with: numbers of 32 bits, or whole numbers of eight, which is faster and
 * a little less exact.
 */
export type Arithmetic = "f32" | "int8";

/** Something that neither the file nor the caller told, so that the usual was taken. */
export type Assumption = "stride" | "preprocessing" | "labels";

/** What a weight file says of itself, or what its tensors tell. */
export interface ModelInfo {
    architecture: string;
    family: "reference" | "torchvision";
    block: "no-bottleneck" | "bottleneck";
    repetitions: [number, number, number, number];
    /** Which convolution of a bottleneck block carries the stride. */
    strideOn: "conv1" | "conv2";
    /** `[1, channels, height, width]` */
    inputShape: [number, number, number, number];
    /** How many are told apart: 2 where the network has a single logit, whose sigmoid is the probability of class 1. */
    classes: number;
    /** Empty if nobody knows them. */
    labels: string[];
    /** Empty if nobody says. */
    source: string;
    /** Empty if nobody says. */
    license: string;
    /** How the file keeps the convolutions' weights: `int8`, `f16`, `bf16`, `f32`, `f64`. */
    dtype: string;
    /** What convolutions calculate with. */
    arithmetic: Arithmetic;
    /** What they can calculate with on this device. */
    arithmetics: Arithmetic[];
    /** On a GPU: dispatches of a run, all in one submission, and bytes of its memory. */
    onGpu: { dispatches: number; bytes: number } | null;
    /** Groups of a bottleneck's 3x3 convolution: 32 in ResNeXt. */
    groups: number;
    /** Channels of each group in the first stage: 128 in a Wide ResNet. */
    widthPerGroup: number;
    preprocessing: Preprocessing;
    format: "safetensors" | "pytorch" | "burnpack";
    /** Whose names the tensors have: `torchvision`, `Hugging Face`. */
    naming: string;
    /** Where the usual was taken, because nobody told. */
    assumed: Assumption[];
    /** What is worth knowing of how the file was read. */
    notes: Note[];
    /** The sets of weights in the file and which was taken: none and null where there is but one. */
    weightSets: { taken: string | null; names: string[] };
}

/** Tensors that nothing was made of, or a linear layer that was taken for the head by its shape. */
export type Note =
/** The names of the first few, and how many there are. */
| { kind: "ignored"; tensors: { first: string[]; count: number } }
| { kind: "head"; layer: string };

/** A class and how probable the network finds it. */
export interface Prediction {
    index: number;
    label: string;
    /** After the softmax, or the sigmoid of a single logit: 0 to 1. */
    probability: number;
}

/** What a photo shows, and how long it took to tell. */
export interface Classification {
    /** The most probable first. */
    top: Prediction[];
    preprocessMilliseconds: number;
    networkMilliseconds: number;
    /** Left out where it was not asked for. */
    evidence?: {
        classIndex: number;
        width: number;
        height: number;
        values: number[];
    };
}

/** How long a GPU takes for a layer, by its own clock. */
export interface LayerTime {
    /**
     * PyTorch's name of the convolution, the pooling or the linear layer. Batch norm and ReLU are in their convolution's
     * time, and a block's addition and the ReLU after it in that of its last convolution.
     */
    layer: string;
    milliseconds: number;
}

/** A layer's output in one run. */
export interface SeenLayer {
    /** PyTorch's name. A convolution's output is under its batch norm's, which is folded into it. */
    name: string;
    /** `[channels, height, width]`; a vector's features are channels of one pixel. */
    shape: [number, number, number];
    /** From the layer before to this one, when every layer is looked at. */
    milliseconds: number;
    statistics: {
        min: number;
        max: number;
        mean: number;
        deviation: number;
        /** Channels that are nought everywhere. */
        dead: number;
        /** Of equal parts between the smallest activation and the largest. */
        histogram: number[];
    };
}

/** A channel and its activations; its picture goes from black at `min` to white at `max`. */
export interface SeenChannel {
    index: number;
    min: number;
    max: number;
    mean: number;
}



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
export function help(place: number): void;

/**
 * Says that a helper trapped, so that nobody waits for it.
 */
export function helperDied(): void;

/**
 * How many workers are helping.
 */
export function helpers(): number;

/**
 * Counts the calling worker among the helpers and tells its place; [`help`] has to follow.
 */
export function joinHelpers(): number;

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
