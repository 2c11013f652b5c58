import { help, helperDied, initSync, joinHelpers } from "../../wasm/cpu-threads/resnet_web";

/** What a helper is started with. */
export interface HelperStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

/** In bytes. Kernels keep little there. */
const STACK_SIZE = 2 ** 20;

self.addEventListener("message", ({ data }: MessageEvent<HelperStart>) => {
  initSync({ ...data, thread_stack_size: STACK_SIZE });
  const place = joinHelpers();
  self.postMessage("joined");
  try {
    help(place);
  } catch (thrown) {
    // Else the worker that computes would wait for this one for ever.
    helperDied();
    throw thrown;
  }
});
