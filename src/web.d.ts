/** The kinds of device. */
export type DeviceKind = "cpu" | "webgpu";

/** What a device is, and how it passed the self-check. */
export interface DeviceReport {
  kind: DeviceKind;
  /** The adapter's name, as far as the browser tells. */
  name: string;
  /** Whether a GPU's work is in truth done by the CPU. */
  software: boolean;
  selfCheck: {
    runs: number;
    /** The largest difference to PyTorch, as a part of the largest logit. */
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

/** What a weight file says of itself. */
export interface ModelInfo {
  architecture: string;
  family: "seed" | "torchvision";
  block: "no-bottleneck" | "bottleneck";
  repetitions: [number, number, number, number];
  /** Which convolution of a bottleneck block carries the stride. */
  strideOn: "conv1" | "conv2";
  /** `[1, channels, height, width]` */
  inputShape: [number, number, number, number];
  classes: number;
  labels: string[];
  source: string;
  license: string;
  /** How the file keeps the convolutions' weights: `f16` or `f32`. */
  dtype: string;
}

/** A class and how probable the network finds it. */
export interface Prediction {
  index: number;
  label: string;
  /** After the softmax, 0 to 1. */
  probability: number;
}

/** What a photo shows, and how long it took to tell. */
export interface Classification {
  /** The most probable first. */
  top: Prediction[];
  preprocessMilliseconds: number;
  networkMilliseconds: number;
}
