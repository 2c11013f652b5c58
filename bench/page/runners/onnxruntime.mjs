import * as ort from "/bench/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";

/** onnxruntime-web on the CPU, everything its optimiser can do switched on. */
export async function prepare({ threads }, { files, batch, channels, size }) {
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(files.onnx, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
    // With the sizes known it can plan its memory beforehand.
    freeDimensionOverrides: { batch, height: size, width: size },
  });
  const dims = [batch, channels, size, size];
  return {
    run: async (values) => {
      const input = new ort.Tensor("float32", values, dims);
      const { logits } = await session.run({ input });
      return logits.data;
    },
    dispose: () => session.release(),
  };
}
