import type { ThreadStart } from "../../protocol/messages";
import * as relaxed from "../../wasm/cpu-relaxed-threads/resnet_web";
import * as plain from "../../wasm/cpu-threads/resnet_web";

/** The JavaScript of the modules with threads, each for its own wasm. */
const CODE = { "cpu-relaxed-threads": relaxed, "cpu-threads": plain };

/** In bytes. Kernels keep little there. */
const STACK_SIZE = 2 ** 20;

self.addEventListener("message", ({ data }: MessageEvent<ThreadStart>) => {
  const { name, module, memory } = data;
  const { initSync, joinThreadPool, runWorkerThread, workerThreadDied } = CODE[name];
  initSync({ module, memory, thread_stack_size: STACK_SIZE });
  const place = joinThreadPool();
  self.postMessage("joined");
  try {
    runWorkerThread(place);
  } catch (thrown) {
    // Else the worker that computes would wait for this one for ever.
    workerThreadDied();
    throw thrown;
  }
});
