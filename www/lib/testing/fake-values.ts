import type { DeviceStatus, LoadedModel } from "resnet-web";

/** The CPU, on one thread. */
export function cpuStatus(): DeviceStatus {
  return {
    kind: "cpu",
    name: "",
    software: false,
    number: "f32",
    selfCheck: { runs: 2, layers: 0, worstError: 0, milliseconds: 0 },
    reason: "cpu-requested",
    threads: { count: 1, most: 1, obstacle: "one-processor" },
  };
}

/** A ResNet-50 of 1000 classes without a summary of its layers. */
export function loadedModel(): LoadedModel {
  return {
    id: 1,
    info: {
      architecture: "ResNet-50",
      family: "torchvision",
      block: "bottleneck",
      repetitions: [3, 4, 6, 3],
      widths: [64, 128, 256, 512],
      stem: { convolutions: { kind: "conv7x7" }, channels: 64, pool: "max" },
      shortcut: "projection",
      attention: null,
      antiAliasing: null,
      preActivation: false,
      headLayers: [],
      strideOn: "conv2",
      inputShape: [1, 3, 224, 224],
      classes: 1000,
      labels: [],
      source: "",
      license: "",
      dtype: "f32",
      arithmetic: "f32",
      arithmetics: ["f32"],
      onGpu: null,
      groups: 1,
      widthPerGroup: 64,
      preprocessing: {
        resizeShortSide: 256,
        crop: 224,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        interpolation: "bilinear",
        fit: "crop",
        channelOrder: "rgb",
        range: 1,
      },
      format: "safetensors",
      naming: "torchvision",
      assumed: [],
      notes: [],
      weightSets: { taken: null, names: [] },
    },
    summary: { rows: [], parameters: 0, multiplyAdds: 0 },
    bytes: 1000,
    kept: { cached: false, reason: "unavailable" },
    unsupported: [],
  };
}
