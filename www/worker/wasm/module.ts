import { relaxedSimd } from "wasm-feature-detect";
import { ResNetError, toResNetError } from "../../protocol/errors";
import type { ThreadObstacle } from "../../protocol/types";
import type * as CpuModule from "../../wasm/cpu/resnet_web";
import { type Clock, within } from "../clock";
import { Threads, whyOneThread } from "../threads/threads";
import { crashes } from "./crashes";
import { obstacleToWasm } from "./obstacle";

/** What all wasm modules export. */
export type WasmModule = Omit<typeof CpuModule, "default" | "initSync">;

/** A module for the CPU. */
export interface CpuCode {
  wasm: WasmModule;
  /** Where it can compute on several threads. */
  threads?: Threads;
  /** Where it cannot, why. */
  obstacle?: ThreadObstacle;
}

/** The module is the largest part of the page's code. */
const ARRIVAL: Clock = { milliseconds: 180_000, otherwise: "it did not arrive within 3 minutes" };

/** The modules for the CPU by their names. Literal imports: bundlers see them and keep the wasm beside the JavaScript. */
const CPU_MODULES = {
  cpu: () => import("../../wasm/cpu/resnet_web"),
  "cpu-relaxed": () => import("../../wasm/cpu-relaxed/resnet_web"),
  "cpu-threads": () => import("../../wasm/cpu-threads/resnet_web"),
  "cpu-relaxed-threads": () => import("../../wasm/cpu-relaxed-threads/resnet_web"),
};

/**
 * Loads the module that runs on the CPU: with threads where the page may share memory between them, and with fused
 * multiply-add where the browser has relaxed SIMD.
 *
 * @param modules how each is imported, for tests
 */
export async function loadCpuModule(modules = CPU_MODULES): Promise<CpuCode> {
  const blocked = obstacleToWasm();
  if (blocked) throw blocked;
  const [obstacle, isRelaxed] = await Promise.all([whyOneThread(), relaxedSimd()]);
  if (!obstacle) {
    const name = isRelaxed ? "cpu-relaxed-threads" : "cpu-threads";
    try {
      const wasm = await started(modules[name]());
      return { wasm, threads: new Threads(wasm, name) };
    } catch (thrown) {
      // A telephone may refuse to set so many addresses aside as shared memory wants.
      console.warn(thrown);
    }
  }
  const wasm = await started(modules[isRelaxed ? "cpu-relaxed" : "cpu"]());
  return { wasm, obstacle: obstacle ?? "failed" };
}

/** Loads the module with the GPU's part, three times as large. */
export async function loadWebGpuModule(): Promise<WasmModule> {
  return started(import("../../wasm/webgpu/resnet_web"));
}

async function started<M extends WasmModule & { default(): Promise<unknown> }>(
  imported: Promise<M>,
): Promise<M> {
  const module = await instantiated(imported);
  // A panic inside an async function leaves its promise pending, so the page is notified.
  module.setPanicListener((message) => crashes.report(message));
  return crashes.guard(module);
}

async function instantiated<M extends { default(): Promise<unknown> }>(
  imported: Promise<M>,
): Promise<M> {
  try {
    return await within(ARRIVAL, async () => {
      const module = await imported;
      await module.default();
      return module;
    });
  } catch (cause) {
    throw new ResNetError(
      "runtime-download",
      `The code that runs the network could not be loaded: ${toResNetError(cause).message}. Check the connection and reload the page; if that does not help, try a newer browser.`,
      { cause },
    );
  }
}
