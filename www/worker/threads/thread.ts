import type { ThreadStart } from "../../protocol/messages";
import {
  initSync,
  joinThreadPool,
  runWorkerThread,
  workerThreadDied,
} from "../../wasm/cpu-threads/resnet_web";

/** In bytes. Kernels keep little there. */
const STACK_SIZE = 2 ** 20;

self.addEventListener("message", ({ data }: MessageEvent<ThreadStart>) => {
  initSync({ ...data, thread_stack_size: STACK_SIZE });
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
