/**
 * A torchvision ResNet, Wide ResNet or ResNeXt as steps in the order they are done in, for every runtime's own form:
 *
 * - `conv`, in so many `groups`, with the batch norm folded in and, if `relu`, a ReLU after it
 * - `max-pool`
 * - `add-relu`: the sum of two
 * - `average`: over each channel's whole map
 * - `linear`
 *
 * A step names what it reads (`inputs`) and what it makes (`output`): from "input" to "logits".
 */

/** PyTorch's `BatchNorm2d(eps=1e-5)`. */
const EPSILON = 1e-5;
const STEM_CHANNELS = 64;
/** A bottleneck's output channels as a multiple of its width. */
const EXPANSION = 4;

/** The steps without weights, of the network that a weight file's metadata describes. */
export function stepsOf({ block, repetitions, stride_on: strideOn, ...network }) {
  const { input_channels, classes, groups = 1, width_per_group = STEM_CHANNELS } = network;
  const stem = { name: "conv1", norm: "bn1", inputs: ["input"], stride: 2, padding: 3, relu: true };
  const pool = { op: "max-pool", inputs: ["conv1"], output: "maxpool", kernel: 3 };
  const steps = [
    conv({ ...stem, shape: [STEM_CHANNELS, input_channels, 7, 7] }),
    { ...pool, stride: 2, padding: 1 },
  ];
  let from = { output: "maxpool", channels: STEM_CHANNELS };
  for (const [stage, count] of repetitions.entries()) {
    for (let index = 0; index < count; index++) {
      const channels = STEM_CHANNELS * 2 ** stage;
      const width = (channels * groups * width_per_group) / STEM_CHANNELS;
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const output = `layer${stage + 1}.${index}`;
      const outputs = block === "bottleneck" ? EXPANSION * channels : channels;
      const added = blockSteps({ block, strideOn, output, from, stride, groups, width, outputs });
      steps.push(...added);
      from = { output, channels: outputs };
    }
  }
  const shape = [classes, from.channels];
  steps.push({ op: "average", inputs: [from.output], output: "avgpool" });
  steps.push({ op: "linear", name: "fc", inputs: ["avgpool"], output: "logits", shape });
  return steps;
}

/** Name and shape of every tensor that the steps need. */
export function tensorShapes(steps) {
  return steps
    .filter(({ name }) => name)
    .flatMap(({ op, name, norm, shape }) => {
      const ofChannels = (tensor) => [tensor, [shape[0]]];
      const weight = [`${name}.weight`, shape];
      return op === "linear"
        ? [weight, ofChannels(`${name}.bias`)]
        : [weight, ...parts(norm).map(ofChannels)];
    });
}

/** The steps with `weight` and `bias`, batch norm folded in f64. */
export function withWeights(steps, tensors) {
  return steps.map((step) => {
    if (step.op === "conv") return { ...step, ...folded(step, tensors) };
    if (step.op !== "linear") return step;
    const [weight, bias] = ["weight", "bias"].map((part) => tensors[`fc.${part}`].values);
    return { ...step, weight, bias };
  });
}

/** `F(x)`, the shortcut if it projects, and their sum. */
function blockSteps({ block, strideOn, output, from, stride, groups, width, outputs }) {
  const convolutions =
    block === "bottleneck"
      ? [
          { kernel: 1, channels: width, stride: strideOn === "conv1" ? stride : 1 },
          { kernel: 3, channels: width, stride: strideOn === "conv1" ? 1 : stride, groups },
          { kernel: 1, channels: outputs, stride: 1 },
        ]
      : [
          { kernel: 3, channels: width, stride },
          { kernel: 3, channels: width, stride: 1 },
        ];
  const steps = [];
  let before = from;
  for (const [i, { kernel, channels, stride, groups = 1 }] of convolutions.entries()) {
    const name = `${output}.conv${i + 1}`;
    const norm = `${output}.bn${i + 1}`;
    const shape = [channels, before.channels / groups, kernel, kernel];
    const padding = (kernel - 1) / 2;
    const relu = i < convolutions.length - 1;
    const reads = [before.output];
    steps.push(conv({ name, norm, inputs: reads, shape, stride, padding, groups, relu }));
    before = { output: name, channels };
  }
  const inputs = [before.output, from.output];
  if (stride !== 1 || from.channels !== before.channels) {
    const name = `${output}.downsample.0`;
    const norm = `${output}.downsample.1`;
    const shape = [before.channels, from.channels, 1, 1];
    const reads = [from.output];
    steps.push(conv({ name, norm, inputs: reads, shape, stride, padding: 0, relu: false }));
    inputs[1] = name;
  }
  return [...steps, { op: "add-relu", inputs, output }];
}

function conv(step) {
  return { op: "conv", output: step.name, groups: 1, ...step };
}

/** A batch norm's tensors: factor, offset, mean and variance. */
function parts(norm) {
  return ["weight", "bias", "running_mean", "running_var"].map((part) => `${norm}.${part}`);
}

function folded({ name, norm }, tensors) {
  const [gamma, beta, mean, variance] = parts(norm).map((part) => tensors[part].values);
  const { values } = tensors[`${name}.weight`];
  const perChannel = values.length / gamma.length;
  const scale = Array.from(gamma, (factor, c) => factor / Math.sqrt(variance[c] + EPSILON));
  return {
    weight: values.map((value, i) => value * scale[Math.floor(i / perChannel)]),
    bias: beta.map((offset, c) => offset - mean[c] * scale[c]),
  };
}
