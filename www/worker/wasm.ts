import { relaxedSimd } from "wasm-feature-detect";
import { ResNetError, toResNetError } from "../lib/errors";
import type * as CpuModule from "../wasm/cpu/resnet_web";

/** What both wasm modules export. */
export type WasmModule = Omit<typeof CpuModule, "default" | "initSync">;

/** The message in which a worker says that its wasm code has died. */
export interface CrashNotice {
  crashed: string;
}

/** Loads the module that runs on the CPU: with fused multiply-add where the browser has relaxed SIMD. */
export async function loadCpuModule(): Promise<WasmModule> {
  // Literal imports: bundlers see them and keep the wasm beside the JavaScript.
  return (await relaxedSimd())
    ? started(import("../wasm/cpu-relaxed/resnet_web"))
    : started(import("../wasm/cpu/resnet_web"));
}

/** Loads the module with the GPU backend, ten times as large. */
export async function loadWebGpuModule(): Promise<WasmModule> {
  return started(import("../wasm/webgpu/resnet_web"));
}

async function started<M extends WasmModule & { default(): Promise<unknown> }>(
  imported: Promise<M>,
): Promise<M> {
  const module = await instantiated(imported);
  // A panic inside an async function leaves its promise pending for ever, so the page hears of it this way.
  module.setPanicListener((message) => {
    const notice: CrashNotice = { crashed: message };
    self.postMessage(notice);
  });
  return module;
}

async function instantiated<M extends { default(): Promise<unknown> }>(
  imported: Promise<M>,
): Promise<M> {
  try {
    const module = await imported;
    await module.default();
    return module;
  } catch (cause) {
    throw new ResNetError(
      "runtime-download",
      `The code that runs the network could not be loaded: ${toResNetError(cause).message}. Check the connection and reload the page; if that does not help, try a newer browser.`,
      { cause },
    );
  }
}
