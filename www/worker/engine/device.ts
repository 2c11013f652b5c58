import { toResNetError } from "../../protocol/errors";
import type {
  DevicePolicy,
  DeviceReason,
  DeviceStatus,
  ThreadCount,
  ThreadObstacle,
} from "../../protocol/types";
import type { Engine } from "../../wasm/cpu/resnet_web";
import { type DeviceSource, GpuWatch } from "../gpu-health";
import { oneThread, type Threads } from "../threads/threads";
import { loadCpuModule, loadWebGpuModule, type WasmModule } from "../wasm/module";

/** A device that passed the self-check, with the module that runs it. */
export interface OpenedDevice {
  wasm: WasmModule;
  engine: Engine;
  status: DeviceStatus;
  /** On the CPU, where there can be more than one. */
  threads?: Threads;
  /** On a GPU. */
  gpu?: GpuWatch;
}

/** The part of `navigator.gpu` that is asked. */
export interface Gpu {
  requestAdapter(options: { powerPreference: "high-performance" }): Promise<Adapter | null>;
}

interface Adapter {
  /** Where it stands today. */
  info?: {
    isFallbackAdapter?: boolean;
    vendor?: string;
    architecture?: string;
    device?: string;
    description?: string;
  };
  /** Where it stood before. */
  isFallbackAdapter?: boolean;
}

/** What rules WebGPU out before the GPU module is even loaded, or what its adapter is. */
export async function askForWebGpu(
  policy: DevicePolicy,
  gpu: Gpu | undefined,
): Promise<{ reason: DeviceReason; detail?: string } | { adapter: string }> {
  if (policy === "cpu") return { reason: "cpu-requested" };
  if (!gpu) return { reason: "no-webgpu" };
  let adapter: Adapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  } catch (thrown) {
    return { reason: "no-adapter", detail: toResNetError(thrown).message };
  }
  if (!adapter) return { reason: "no-adapter" };
  const software = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  if (software && policy === "auto") return { reason: "software-adapter" };
  const { vendor, architecture, device, description } = adapter.info ?? {};
  return { adapter: [vendor, architecture, device, description].filter(Boolean).join(" ") };
}

/** Opens `policy`'s device, or the CPU where that cannot be had, to compute on so many `threads`. */
export async function openDevice(
  policy: DevicePolicy,
  threads: ThreadCount,
): Promise<OpenedDevice> {
  // Fetched in any case: whatever becomes of the GPU, the CPU is there.
  const cpuModule = loadCpuModule();
  const gpu = new GpuWatch((notice) => self.postMessage(notice));
  const found = await gpu.opening(() =>
    askForWebGpu(policy, (navigator as Navigator & { gpu?: Gpu }).gpu),
  );
  if ("reason" in found) return openOnCpu(threads, found.reason, found.detail, cpuModule);
  try {
    const wasm = await loadWebGpuModule();
    const software = policy !== "auto";
    gpu.watch(
      (globalThis as unknown as { GPUAdapter: { prototype: DeviceSource } }).GPUAdapter.prototype,
    );
    const engine = await gpu.opening(() => wasm.Engine.open("webgpu", software));
    const reason = policy === "webgpu" ? "webgpu-requested" : "webgpu-works";
    return { wasm, engine, gpu, status: { ...engine.report, ...found, reason } };
  } catch (thrown) {
    gpu.release();
    const { code, message } = toResNetError(thrown);
    const reasons: Partial<Record<typeof code, DeviceReason>> = {
      "adapter-unavailable": "no-adapter",
      "adapter-software": "software-adapter",
      "self-check-failed": "self-check-failed",
    };
    return openOnCpu(threads, reasons[code] ?? "device-failed", message, cpuModule);
  }
}

/** The status of a device that was opened because the one before was lost, as `lost` says. */
export function afterLoss(status: DeviceStatus, lost: string): DeviceStatus {
  if (status.kind === "webgpu") return { ...status, reason: "webgpu-reopened", detail: lost };
  const detail = status.detail === undefined ? lost : `${lost} ${status.detail}`;
  return { ...status, reason: "device-lost", detail };
}

/** Opens the CPU, to compute on so many threads. */
export async function openOnCpu(
  count: ThreadCount,
  reason: DeviceReason,
  detail?: string,
  module = loadCpuModule(),
): Promise<OpenedDevice> {
  const { wasm, threads, obstacle } = await module;
  let failed: ThreadObstacle | undefined;
  await threads?.set(count).catch((thrown) => {
    failed = "failed";
    console.warn(thrown);
  });
  const engine = await wasm.Engine.open("cpu", false);
  const status: DeviceStatus = { ...engine.report, reason };
  if (detail !== undefined) status.detail = detail;
  if (!threads || failed) {
    return {
      wasm,
      engine,
      status: { ...status, threads: oneThread(failed ?? obstacle ?? "failed") },
    };
  }
  return { wasm, engine, threads, status: { ...status, threads: threads.status } };
}
