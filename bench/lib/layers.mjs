import { stepsOf } from "./graph.mjs";

/** The networks of the race, as the metadata of their weight files describe them. */
export const NETWORKS = {
  "ResNet-18": { block: "no-bottleneck", repetitions: [2, 2, 2, 2], stride_on: "conv2" },
  // The page's own weights: version 1, with the stride on the first convolution.
  "ResNet-50": { block: "bottleneck", repetitions: [3, 4, 6, 3], stride_on: "conv1" },
};
/** Networks that are timed beside those, on the CPU alone. */
const FAMILY = {
  "ResNeXt-50 32x4d": {
    ...{ block: "bottleneck", repetitions: [3, 4, 6, 3], stride_on: "conv2" },
    ...{ groups: 32, width_per_group: 4 },
  },
};
const COMMON = { input_channels: 3, classes: 1000 };

/**
 * What each layer of a network reads, writes and multiplies, in numbers, for a square image: `kind`
 * (equal ones are equal layers), `multiplyAdds`, `weights`, `maps` (those read and written, a residual
 * among them) and, of a convolution, the matrix product that it is, of each of its groups: `pixels`, `rows`, `outputs`.
 */
export function layersOf(network, size = 224) {
  const steps = stepsOf({ ...COMMON, ...(NETWORKS[network] ?? FAMILY[network]) });
  // The GPU adds a residual at the end of the convolution before, which reads it.
  const residuals = new Map();
  for (const { op, inputs } of steps) if (op === "add-relu") residuals.set(inputs[0], inputs[1]);
  const maps = new Map([["input", { side: size, channels: COMMON.input_channels }]]);
  const layers = [];
  for (const step of steps) {
    const from = maps.get(step.inputs[0]);
    const { to, layer } = OPERATIONS[step.op](step, from);
    maps.set(step.output, to);
    if (!layer) continue;
    const residual = residuals.has(step.output) ? numbersIn(to) : 0;
    layers.push({ weights: 0, ...layer, maps: numbersIn(from) + numbersIn(to) + residual });
  }
  return layers;
}

const OPERATIONS = {
  conv: ({ shape, stride, padding, groups }, from) => {
    const [outputs, inputs, kernel] = shape;
    const to = windows(from, { kernel, stride, padding }, outputs);
    const pixels = to.side ** 2;
    const weights = outputs * inputs * kernel ** 2;
    const strided = stride > 1 ? `, stride ${stride}` : "";
    return {
      to,
      layer: {
        kind: `${kernel}x${kernel}, ${inputs} to ${outputs}${strided}, ${to.side}x${to.side}`,
        multiplyAdds: pixels * weights,
        weights: weights + outputs,
        product: { pixels, outputs: outputs / groups, inputs, kernel, groups },
      },
    };
  },
  "max-pool": (step, from) => {
    const to = windows(from, step, from.channels);
    return { to, layer: { kind: `max pooling, ${to.side}x${to.side}`, multiplyAdds: 0 } };
  },
  "add-relu": (_, from) => ({ to: from }),
  average: (_, from) => ({
    to: { side: 1, channels: from.channels },
    layer: { kind: "average pooling", multiplyAdds: 0 },
  }),
  linear: ({ shape: [outputs, inputs] }) => ({
    to: { side: 1, channels: outputs },
    layer: {
      kind: `linear, ${inputs} to ${outputs}`,
      multiplyAdds: outputs * inputs,
      weights: outputs * inputs + outputs,
    },
  }),
};

function windows({ side }, { kernel, stride, padding }, channels) {
  return { side: Math.floor((side + 2 * padding - kernel) / stride) + 1, channels };
}

function numbersIn({ side, channels }) {
  return side ** 2 * channels;
}
