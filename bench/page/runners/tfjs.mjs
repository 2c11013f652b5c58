import "/bench/node_modules/@tensorflow/tfjs-core/dist/tf-core.min.js";

/** It and its backends are scripts that put themselves here; the modules they come as need a bundler. */
const { tf } = globalThis;
const FOLDER = "/bench/node_modules/@tensorflow";

/**
 * TensorFlow.js with XNNPACK or on WebGPU. The steps of bench/lib/graph.mjs as its own operations, fused as far as
 * it can; a converted model would come to the same ones.
 */
export async function prepare({ threads, device = "wasm" }, { files, batch, channels, size }) {
  tf.enableProdMode();
  await import(`${FOLDER}/tfjs-backend-${device}/dist/tf-backend-${device}.min.js`);
  if (device === "wasm") setThreads(threads);
  if (!(await tf.setBackend(device))) throw new Error(`there is no ${device} for TensorFlow.js`);
  if (device === "wasm") checkThreads(threads);
  const steps = await load(files.tfjs);
  return {
    channelsLast: true,
    run: async (values) => {
      const logits = network(steps, tf.tensor4d(values, [batch, size, size, channels]));
      const result = await logits.data();
      logits.dispose();
      return result;
    },
    dispose: () => tf.removeBackend(device),
  };
}

function setThreads(threads) {
  tf.wasm.setWasmPaths(`${FOLDER}/tfjs-backend-wasm/dist/`);
  // It takes half as many threads as there are processors at most, whatever it is told.
  Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 * threads });
  tf.wasm.setThreadsCount(threads);
}

function checkThreads(threads) {
  const count = tf.wasm.getThreadsCount();
  if (count !== threads) throw new Error(`it computes on ${count} threads instead of ${threads}`);
}

/** The steps, their weights tensors, each with the tensors that no later step needs. */
async function load(address) {
  const { values, steps } = await (await fetch(address)).json();
  const buffer = await (
    await fetch(new URL(values, new URL(address, location.href)))
  ).arrayBuffer();
  const tensor = ({ shape, offset }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    return tf.tensor(new Float32Array(buffer, 4 * offset, length), shape);
  };
  const needed = new Set();
  // From the end: the first to name a tensor is its last reader.
  for (const step of steps.toReversed()) {
    step.spent = step.inputs.filter((name) => !needed.has(name));
    for (const name of step.inputs) needed.add(name);
    if (!step.weight) continue;
    step.weight = tensor(step.weight);
    step.bias = tensor(step.bias);
  }
  return steps;
}

function network(steps, input) {
  const made = new Map([["input", input]]);
  for (const step of steps) {
    const inputs = step.inputs.map((name) => made.get(name));
    made.set(
      step.output,
      tf.tidy(() => operations[step.op](step, ...inputs)),
    );
    for (const name of step.spent) made.get(name).dispose();
  }
  return made.get("logits");
}

const operations = {
  conv: ({ weight, bias, stride, padding, relu }, x) => {
    const activation = relu ? "relu" : "linear";
    return tf.fused.conv2d({ x, filter: weight, strides: stride, pad: padding, bias, activation });
  },
  "max-pool": ({ kernel, stride, padding }, x) => tf.maxPool(x, kernel, stride, padding),
  "add-relu": (_, a, b) => tf.relu(tf.add(a, b)),
  average: (_, x) => {
    const [batch, height, width, channels] = x.shape;
    return tf.reshape(tf.avgPool(x, [height, width], 1, "valid"), [batch, channels]);
  },
  linear: ({ weight, bias }, x) => tf.fused.matMul({ a: x, b: weight, bias }),
};
