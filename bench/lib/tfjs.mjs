import { writeFileSync } from "node:fs";
import path from "node:path";
import { writeParts } from "./safetensors.mjs";

/**
 * Writes the steps of graph.mjs for page/runners/tfjs.mjs: the steps as JSON, and beside it the
 * weights in the order that TensorFlow keeps them in, height, width, in, out.
 */
export function writeTfjs(file, steps) {
  const values = path.basename(file).replace(/json$/, "bin");
  const parts = [];
  let offset = 0;
  const placed = (shape, part) => {
    parts.push(part);
    const at = offset;
    offset += part.length;
    return { shape, offset: at };
  };
  const written = steps.map(({ weight, bias, shape, ...step }) => {
    if (!weight) return step;
    const [out, input, height = 1, width = 1] = shape;
    const order = step.op === "conv" ? [height, width, input, out] : [input, out];
    return {
      ...step,
      weight: placed(order, transposed(weight, out, input, height * width)),
      bias: placed([out], bias),
    };
  });
  writeParts(path.join(path.dirname(file), values), parts);
  writeFileSync(file, JSON.stringify({ values, steps: written }));
}

/** From [out, in, window] to [window, in, out]. */
function transposed(weight, out, input, window) {
  const result = new Float32Array(weight.length);
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < input; i++) {
      for (let w = 0; w < window; w++) {
        result[(w * input + i) * out + o] = weight[(o * input + i) * window + w];
      }
    }
  }
  return result;
}
