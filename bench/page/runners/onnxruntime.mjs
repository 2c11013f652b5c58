const FOLDER = "/bench/node_modules/onnxruntime-web/dist";

/** onnxruntime-web on the CPU or the GPU, everything its optimiser can do switched on. */
export async function prepare({ threads, device = "wasm" }, { files, batch, channels, size }) {
  const ort = await import(`${FOLDER}/ort.${device}.bundle.min.mjs`);
  ort.env.wasm.numThreads = threads;
  // The others ask for it by themselves, and where there are two GPUs all are to compute on the same.
  if (device === "webgpu") ort.env.webgpu.powerPreference = "high-performance";
  const session = await ort.InferenceSession.create(files.onnx, {
    executionProviders: [device],
    graphOptimizationLevel: "all",
    // With the sizes known it can plan its memory beforehand.
    freeDimensionOverrides: { batch, height: size, width: size },
  });
  const dims = [batch, channels, size, size];
  return {
    run: async (values) => {
      const input = new ort.Tensor("float32", values, dims);
      const { logits } = await session.run({ input });
      return logits.getData();
    },
    dispose: () => session.release(),
  };
}
