import type { LayerTime, Setting, Summary, WeightChoices } from "./generated/core";
import type { Classification, DeviceReport, SeenChannel, SeenLayer } from "./generated/engine";
import type { ModelInfo } from "./model-info";

export type {
  AntiAliasing,
  Arithmetic,
  Assumption,
  Attention,
  ChannelOrder,
  Description,
  Fit,
  HeadLayer,
  Interpolation,
  LayerRow,
  LayerTime,
  Note,
  PreprocessingChoice,
  Setting,
  ShortcutKind,
  Stem,
  StemConvolutions,
  StemPool,
  Summary,
  WeightChoices,
} from "./generated/core";
export type {
  Classification,
  DeviceKind,
  DeviceReport,
  Prediction,
  SeenChannel,
  SeenLayer,
} from "./generated/engine";
export type { ModelInfo, Preprocessing } from "./model-info";

/**
 * Which device to run on: one of them whatever it is worth, or the faster one by measurement. `"auto"` leaves a GPU that is
 * software out, `"fastest"` measures it, too.
 */
export type DevicePolicy = "auto" | "fastest" | "cpu" | "webgpu";

/** Why this device was chosen. */
export type DeviceReason =
  /** WebGPU is there and passed the self-check. */
  | "webgpu-works"
  /** WebGPU was measured, on the loaded model, to be faster than the CPU. */
  | "webgpu-faster"
  /** The CPU was. */
  | "cpu-faster"
  /** The caller asked for the CPU. */
  | "cpu-requested"
  /** The caller asked for WebGPU and got it. */
  | "webgpu-requested"
  /** The browser has no WebGPU. */
  | "no-webgpu"
  /** The browser has WebGPU, and no adapter for it. */
  | "no-adapter"
  /** The only adapter is software, slower than the CPU itself. */
  | "software-adapter"
  /** WebGPU's device was lost, and another one opened. */
  | "webgpu-reopened"
  /** WebGPU's device was lost, and no other is to be had. */
  | "device-lost"
  /** The GPU could not be started, did not answer, or failed. */
  | "device-failed"
  /** The GPU computed wrong numbers. */
  | "self-check-failed"
  /** The code running on the other device stopped unexpectedly. */
  | "crashed";

/** The device in use, and why. */
export interface DeviceStatus extends DeviceReport {
  /** Why it is this one. */
  reason: DeviceReason;
  /** The words of whatever ruled the other device out, if anything did. */
  detail?: string;
  /** On how many threads the CPU computes; left out on a GPU. */
  threads?: ThreadStatus;
  /** A GPU's maker and kind, as far as the browser says. */
  adapter?: string;
  /** How fast both devices run the loaded model, where that was measured. */
  speeds?: Speeds;
}

/** How long one run of the loaded model takes on each device, in milliseconds: the median of a few, after a warm-up. */
export type Speeds = Record<DeviceReport["kind"], number>;

/** How many threads compute, and why not more. */
export interface ThreadStatus {
  /** In use, the one that is called included. */
  count: number;
  /** As many as can be asked for. */
  most: number;
  /** Why `most` is one, where it is. */
  obstacle?: ThreadObstacle;
}

/** Why the CPU computes on one thread only. */
export type ThreadObstacle =
  /** The page is not cross-origin isolated, so threads could not share its memory. */
  | "not-isolated"
  /** The browser lacks what WebAssembly needs for threads: shared memory and atomic operations. */
  | "unsupported"
  /** The machine has one processor. */
  | "one-processor"
  /** They could not be started. */
  | "failed";

/** How many threads to compute on: a number, or as many as are worth it. */
export type ThreadCount = number | "auto";

/** How far a download of weights is. */
export interface Progress {
  /** Bytes there. */
  loaded: number;
  /** Bytes in all, or null while unknown. */
  total: number | null;
  /** Whether they come from this browser's cache rather than the network. */
  cached: boolean;
}

/** Where weights come from: an address, or the bytes of a file. */
export type WeightSource = string | URL | Blob;

/**
 * Labels in the order of the logits; or a file of them, or its address. A model's `config.json` or
 * `preprocessor_config.json` will do, too, for its labels and its preprocessing.
 */
export type LabelSource = readonly string[] | string | URL | Blob;

/** What a weight file may leave out, and how to check it. */
export interface WeightOptions extends WeightChoices {
  /**
   * The files of external data of an ONNX model that is itself a file: with the names that the model has for them, such as
   * `model.onnx.data`. Those of an address are fetched from beside it.
   */
  externalData?: readonly File[];
  /** What the classes are called. By default ImageNet's names for a network of 1000 classes. */
  labels?: LabelSource;
  /** The file's SHA-256 in hexadecimal digits; a file with another one is refused. */
  sha256?: string;
}

/** A file of an ONNX model's external data: the name that the model has for it, and its bytes. */
export interface ExternalFile {
  name: string;
  blob: Blob;
}

/** What is known of weights at an address before they are downloaded. */
export interface WeightsPreview {
  /** Where the file comes from: the address's host, or that of the file which a manifest names. */
  host: string;
  /** The file's size, or null if the server does not state it. */
  bytes: number | null;
  /** Whether the browser keeps it already. */
  kept: boolean;
}

/** Whether the browser keeps a weight file for the next visit, and if not, why. */
export type Kept =
  | { cached: true }
  /** `quota`: there is no room for it. `unavailable`: the browser keeps nothing here. `file`: it was a file's bytes. */
  | { cached: false; reason: "quota" | "unavailable" | "file" };

/** A model that is ready: what its file says, and its layers. */
export interface LoadedModel {
  /** Identifies the model in every answer that it gives. It stays the same when the model is loaded again on another device. */
  id: number;
  /** What the file says of itself, or what its tensors show. */
  info: ModelInfo;
  /** Its layers with their shapes, parameters and multiply-adds. */
  summary: Summary;
  /** Bytes of the weight file. */
  bytes: number;
  /** Whether the browser keeps that for the next visit. */
  kept: Kept;
  /** What files that describe the model, beside its weights or as `labels`, ask for that is not supported. */
  unsupported: Setting[];
}

/** What the browser's cache holds. */
export interface CachedWeights {
  /** How many weight files. */
  files: number;
  /** Their bytes, all together. */
  bytes: number;
}

/** Which class's evidence is wanted: that of the most probable one, or of the class with this index. */
export type EvidenceFor = "first" | number;

/**
 * Where in the image the evidence for a class lies: the class's activation map. It lies over the image's middle, which
 * the network sees.
 */
export interface Evidence {
  /** The class: its place among the logits, from 0 on. */
  classIndex: number;
  /** The map's width: 7 for a network that sees 224 by 224 pixels. */
  width: number;
  /** The map's height. */
  height: number;
  /** What each place added to the class's logit, row by row. Together with the class's bias they sum up to it. */
  values: Float32Array;
}

/** What a photo shows. */
export interface ImageClassification extends Omit<Classification, "evidence" | "embedding"> {
  /** The model that gave this answer: {@link LoadedModel.id}. */
  model: number;
  /** The image's width in pixels, as it was looked at: turned as its EXIF data says. */
  width: number;
  /** Its height. */
  height: number;
  /** From the encoded photo to pixels, in milliseconds. */
  decodeMilliseconds: number;
  /** Left out where it was not asked for. */
  evidence?: Evidence;
  /** The features that the classes are computed from. Left out where they were not asked for. */
  embedding?: Float32Array;
  /** The file ends before its image does: what is missing was looked at as blank. */
  cutShort?: true;
}

/** What the network saw in a photo, layer by layer. Convolutions are not fused for it, so it takes longer. */
export interface ImageInspection {
  /** The model that was inspected: {@link LoadedModel.id}. */
  model: number;
  /** In the order of computation. */
  layers: SeenLayer[];
  /** The image's width in pixels. */
  width: number;
  /** Its height. */
  height: number;
  /** How long the GPU takes, where the model is on one: layers are looked at on the CPU all the same. */
  gpu?: GpuTimes;
}

/** How long a GPU takes for the network in an ordinary run. The image makes no difference. */
export type GpuTimes =
  /** For each layer, by its own clock: the mean of some runs. */
  | { taken: "timestamps"; layers: LayerTime[] }
  /** For a run as a whole, answer included, by the browser's clock, because the GPU or the browser cannot time layers: the median of a few runs. */
  | { taken: "coarse"; milliseconds: number };

/** A channel's activations as a grey image, a byte a pixel, row by row. */
export interface FeatureMap extends SeenChannel {
  /** Its width in pixels. */
  width: number;
  /** Its height in pixels. */
  height: number;
  /** A byte a pixel, row by row: 0 for `min`, 255 for `max`. */
  pixels: Uint8Array;
}
