/** Mean and standard deviation do nothing here: the input is normalised already. */
const PREPROCESSING = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** This project's wasm module, one of those in www/wasm. */
export async function prepare(contender, { files, batch, size }) {
  const { folder, threads, arithmetic, device = "cpu" } = contender;
  // The page, too, asks for weights while it opens a device.
  const fetching = fetch(files.safetensors).then((response) => response.blob());
  const module = await import(`${folder}/resnet_web.js`);
  await module.default();
  // A panic in an async function leaves its promise pending for ever: this way the worker fails.
  module.setPanicListener((message) => reportError(new Error(message)));
  if (threads > 1) await startThreads(module, folder, threads);
  const engine = await module.Engine.open(device, true);
  const weights = await fetching;
  const preprocessing = { ...PREPROCESSING, resizeShortSide: size, crop: size };
  const model = engine.load(weights, { preprocessing, arithmetic });
  return {
    run: (input) => inTurn(model, input, batch),
    dispose: () => {
      model.free();
      engine.free();
    },
  };
}

/** Starts a worker for each thread but this one, which computes, too. */
async function startThreads(wasm, folder, threads) {
  const [module, memory] = [wasm.sharedModule(), wasm.sharedMemory()];
  const starting = Array.from({ length: threads - 1 }, () => {
    const worker = new Worker(new URL("../worker-thread.mjs", import.meta.url), { type: "module" });
    return new Promise((resolve, reject) => {
      worker.addEventListener("message", resolve);
      worker.addEventListener("error", ({ message }) => reject(new Error(message)));
      worker.postMessage({ folder, module, memory });
    });
  });
  await Promise.all(starting);
  const count = wasm.setThreads(threads);
  if (count !== threads) throw new Error(`it computes on ${count} threads instead of ${threads}`);
}

/** Runs one image after the other: the module takes one at a time. */
async function inTurn(model, input, batch) {
  if (batch === 1) return model.logits(input);
  const size = input.length / batch;
  const logits = [];
  for (let i = 0; i < batch; i++) {
    logits.push(...(await model.logits(input.subarray(i * size, (i + 1) * size))));
  }
  return Float32Array.from(logits);
}
