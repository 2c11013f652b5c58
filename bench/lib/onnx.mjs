import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SCHEMA = fileURLToPath(new URL("onnx.proto", import.meta.url));
const OPSET = 17;
/** The format's version that belongs to this opset (ONNX 1.12). */
const IR_VERSION = 8;
/** `TensorProto.DataType.FLOAT` */
const FLOAT = 1;

/**
 * Writes the steps of graph.mjs as an ONNX model. Batch, height and width of the input stay open by
 * those names, so that a session can be told them (`freeDimensionOverrides`).
 */
export async function writeOnnx(file, steps) {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { default: protobuf } = await import("protobufjs");
  const schema = await protobuf.load(SCHEMA);
  const model = schema.lookupType("onnx.ModelProto");
  const weighted = steps.filter(({ weight }) => weight);
  const [channels, classes] = [weighted[0].shape[1], weighted.at(-1).shape[0]];
  const graph = {
    name: "ResNet",
    node: steps.flatMap(nodesOf),
    initializer: weighted.flatMap(({ name, shape, weight, bias }) => [
      tensor(`${name}.weight`, shape, weight),
      tensor(`${name}.bias`, [shape[0]], bias),
    ]),
    input: [valueInfo("input", ["batch", channels, "height", "width"])],
    output: [valueInfo("logits", ["batch", classes])],
  };
  const message = model.fromObject({
    irVersion: IR_VERSION,
    producerName: "resnet-web",
    opsetImport: [{ domain: "", version: OPSET }],
    graph,
  });
  writeFileSync(file, model.encode(message).finish());
}

function nodesOf(step) {
  const { op, name, inputs, output, shape, relu } = step;
  const weights = [`${name}.weight`, `${name}.bias`];
  if (op === "conv") {
    const made = relu ? `${output}.linear` : output;
    const attributes = { ...window(step, shape[2]), group: step.groups };
    const convolution = node("Conv", [...inputs, ...weights], made, attributes);
    return relu ? [convolution, node("Relu", [made], output)] : [convolution];
  }
  if (op === "max-pool") return [node("MaxPool", inputs, output, window(step, step.kernel))];
  if (op === "add-relu") {
    return [node("Add", inputs, `${output}.sum`), node("Relu", [`${output}.sum`], output)];
  }
  if (op === "average") {
    const pooled = node("GlobalAveragePool", inputs, `${output}.map`);
    return [pooled, node("Flatten", [`${output}.map`], output)];
  }
  // PyTorch keeps a linear layer's weight as [out, in].
  return [node("Gemm", [...inputs, ...weights], output, { transB: 1 })];
}

function window({ stride, padding }, kernel) {
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
}

function node(opType, input, output, attributes = {}) {
  const attribute = Object.entries(attributes).map(([name, value]) =>
    Array.isArray(value) ? { name, type: "INTS", ints: value } : { name, type: "INT", i: value },
  );
  return { opType, name: output, input, output: [output], attribute };
}

function tensor(name, dims, values) {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims, dataType: FLOAT, rawData };
}

function valueInfo(name, dims) {
  const dim = dims.map((size) =>
    typeof size === "string" ? { dimParam: size } : { dimValue: size },
  );
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
