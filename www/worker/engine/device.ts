import { toResNetError } from "../../protocol/errors";
import type {
  DevicePolicy,
  DeviceReason,
  DeviceStatus,
  ThreadCount,
  ThreadObstacle,
} from "../../protocol/types";
import type { Engine } from "../../wasm/cpu/resnet_web";
import { type Adapter, type Gpu, GpuHealth, isSoftware } from "../gpu-health";
import { post } from "../post";
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
  gpu?: GpuHealth;
}

/** Asks for WebGPU's adapter; or says what rules it out, before the GPU module is loaded. */
export async function askForWebGpu(
  policy: DevicePolicy,
  gpu: Gpu | undefined,
  health: GpuHealth,
): Promise<{ reason: DeviceReason; detail?: string } | { gpu: Gpu; adapter: Adapter }> {
  if (policy === "cpu") return { reason: "cpu-requested" };
  if (!gpu) return { reason: "no-webgpu" };
  let adapter: Adapter | null;
  try {
    adapter = await health.adapter(gpu);
  } catch (thrown) {
    return { reason: "no-adapter", detail: toResNetError(thrown).message };
  }
  if (!adapter) return { reason: "no-adapter" };
  if (isSoftware(adapter) && policy === "auto") return { reason: "software-adapter" };
  return { gpu, adapter };
}

/** A GPU's maker and kind, as far as the browser says. */
function nameOf({ info }: Adapter): string {
  const { vendor, architecture, device, description } = info ?? {};
  return [vendor, architecture, device, description].filter(Boolean).join(" ");
}

/** Opens `policy`'s device, or the CPU where that cannot be had, to compute on so many `threads`. */
export async function openDevice(
  policy: DevicePolicy,
  threads: ThreadCount,
): Promise<OpenedDevice> {
  // Fetched in any case: whatever becomes of the GPU, the CPU is there.
  const cpuModule = loadCpuModule();
  const health = new GpuHealth(post);
  const found = await askForWebGpu(policy, (navigator as { gpu?: Gpu }).gpu, health);
  if ("reason" in found) return openOnCpu(threads, found.reason, found.detail, cpuModule);
  try {
    const wasm = await loadWebGpuModule();
    const { gpu, adapter } = found;
    const allowSoftware = policy !== "auto";
    const engine = await health.open(gpu, adapter, () => wasm.Engine.open("webgpu", allowSoftware));
    const reason = policy === "webgpu" ? "webgpu-requested" : "webgpu-works";
    const status = { ...engine.report, adapter: nameOf(adapter), reason } as const;
    return { wasm, engine, gpu: health, status };
  } catch (thrown) {
    health.release();
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
