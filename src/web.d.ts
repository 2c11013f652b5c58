/** The kinds of device. */
export type DeviceKind = "cpu" | "webgpu";

/** What a device is, and the figures of its self-check. */
export interface DeviceReport {
  kind: DeviceKind;
  /** The adapter's name, as far as the browser discloses it. */
  name: string;
  /** Whether the adapter is a software one, whose work the CPU does. */
  software: boolean;
  /** What maps and weights are stored as. */
  number: "f32" | "f16";
  selfCheck: {
    runs: number;
    /** How many layers were compared with the CPU's: zero on the CPU itself. */
    layers: number;
    /** The largest difference, relative to the layer's largest value. */
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

/** From an image to the network's input. */
export interface Preprocessing {
  /** The short side's length after resizing, in pixels. */
  resizeShortSide: number;
  /** The side of the square that is cut out of the middle, in pixels. */
  crop: number;
  /** Of red, green and blue, of values between 0 and 1. */
  mean: [number, number, number];
  std: [number, number, number];
}

/** What the caller decides where the file does not say, or is wrong. */
export interface WeightChoices {
  /** The file's name, to be shown. */
  name?: string;
  /** Which convolution of a bottleneck block carries the stride. */
  strideOn?: "conv1" | "conv2";
  /** Lengths and colours, together or alone; lengths belong together. */
  preprocessing?: Partial<Preprocessing>;
  /** Which of several sets of weights in the file is taken, by its name there. */
  weightSet?: string;
  /** What convolutions compute in, if the device can; `"f32"` by default. */
  arithmetic?: Arithmetic;
}

/** What a file beside the weights says of a model: labels, or a configuration of Hugging Face or timm. */
export interface Description {
  /** In the order of the logits; empty if it names none. */
  labels: string[];
  preprocessing?: Partial<Preprocessing>;
  strideOn?: "conv1" | "conv2";
  /** Settings of the preprocessing that are not supported here: `{ name: "interpolation", value: "bicubic" }`. */
  unsupported: { name: string; value: string }[];
}

/**
 * What convolutions compute in: f32, or int8, which is faster and a little less exact.
 */
export type Arithmetic = "f32" | "int8";

/** What neither the file nor the caller said and the usual was taken for. */
export type Assumption = "stride" | "preprocessing" | "labels";

/** What a weight file says of itself, or what its tensors show. */
export interface ModelInfo {
  architecture: string;
  family: "reference" | "torchvision";
  block: "no-bottleneck" | "bottleneck";
  repetitions: [number, number, number, number];
  /** Which convolution of a bottleneck block carries the stride. */
  strideOn: "conv1" | "conv2";
  /** `[1, channels, height, width]` */
  inputShape: [number, number, number, number];
  /** The number of classes: 2 for a network with a single logit, whose sigmoid is the probability of class 1. */
  classes: number;
  /** Empty if they are not known. */
  labels: string[];
  /** Empty if it is not known. */
  source: string;
  /** Empty if it is not known. */
  license: string;
  /** How the file keeps the convolutions' weights: `int8`, `f16`, `bf16`, `f32`, `f64`. */
  dtype: string;
  /** What convolutions compute in. */
  arithmetic: Arithmetic;
  /** Everything that they can compute in on this device. */
  arithmetics: Arithmetic[];
  /** On a GPU: dispatches of a run, all in one submission, and bytes of its memory. */
  onGpu: { dispatches: number; bytes: number } | null;
  /** Groups of a bottleneck's 3x3 convolution: 32 in ResNeXt. */
  groups: number;
  /** Channels of each group in the first stage: 128 in a Wide ResNet. */
  widthPerGroup: number;
  preprocessing: Preprocessing;
  format: "safetensors" | "pytorch" | "burnpack";
  /** The naming convention of the tensors: `torchvision`, `Hugging Face`. */
  naming: string;
  /** What neither the file nor the caller said and the usual was taken for. */
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

/** A class and its probability. */
export interface Prediction {
  index: number;
  label: string;
  /** After the softmax, or the sigmoid of a single logit: 0 to 1. */
  probability: number;
}

/** What an image shows, and how long it took to compute. */
export interface Classification {
  /** The most probable first. */
  top: Prediction[];
  preprocessMilliseconds: number;
  networkMilliseconds: number;
  /** The class activation map, if one was asked for. */
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
  /** From the layer before to this one, when every layer is observed. */
  milliseconds: number;
  statistics: {
    min: number;
    max: number;
    mean: number;
    deviation: number;
    /** The number of channels that are zero everywhere. */
    dead: number;
    /** How many activations are in each of equal intervals between the smallest and the largest. */
    histogram: number[];
  };
}

/** A channel and its activations. In its image `min` is black and `max` is white. */
export interface SeenChannel {
  index: number;
  min: number;
  max: number;
  mean: number;
}
