import { describe, expect, it } from "vitest";
import type { DevicePolicy } from "../../protocol/types";
import { type Adapter, type Gpu, GpuHealth, isSoftware } from "../gpu-health";
import { askForWebGpu } from "./device";

const gives = (adapter: Omit<Adapter, "requestDevice"> | null): Gpu => ({
  requestAdapter: async () => adapter as Adapter,
});
const ask = async (policy: DevicePolicy, gpu: Gpu | undefined) => {
  const found = await askForWebGpu(policy, gpu, new GpuHealth(() => {}));
  return "adapter" in found ? { software: isSoftware(found.adapter) } : found;
};
const fails: Gpu = {
  requestAdapter: async () => {
    throw new Error("blocked by policy");
  },
};
const hardware = gives({
  info: { isFallbackAdapter: false, vendor: "intel", architecture: "gen-12lp", description: "" },
});
const software = gives({ info: { isFallbackAdapter: true } });
/** Chrome before it moved the flag. */
const oldSoftware = gives({ isFallbackAdapter: true });

describe("WebGPU is ruled out", () => {
  it.each([
    ["nothing rules out a real adapter", "auto", hardware, { software: false }],
    ["nor one asked for", "webgpu", hardware, { software: false }],
    ["the CPU was asked for", "cpu", hardware, { reason: "cpu-requested" }],
    ["there is no WebGPU", "auto", undefined, { reason: "no-webgpu" }],
    ["nor when it is asked for", "webgpu", undefined, { reason: "no-webgpu" }],
    ["there is no adapter", "auto", gives(null), { reason: "no-adapter" }],
    ["the adapter is software", "auto", software, { reason: "software-adapter" }],
    ["software by the old flag", "auto", oldSoftware, { reason: "software-adapter" }],
    ["software is fine if asked for", "webgpu", software, { software: true }],
    ["or if it is measured", "fastest", software, { software: true }],
    ["asking fails", "auto", fails, { reason: "no-adapter", detail: "blocked by policy" }],
  ] as const)("%s", async (_, policy, gpu, obstacle) => {
    expect(await ask(policy, gpu)).toEqual(obstacle);
  });

  it("does not even ask for an adapter if the CPU was asked for", async () => {
    const untouchable = { requestAdapter: () => Promise.reject(new Error("asked")) };
    expect(await ask("cpu", untouchable)).toEqual({ reason: "cpu-requested" });
  });
});
