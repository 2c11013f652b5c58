import { describe, expect, it } from "vitest";
import { askForWebGpu, type Gpu } from "./device";

const gives = (adapter: Awaited<ReturnType<Gpu["requestAdapter"]>>): Gpu => ({
  requestAdapter: async () => adapter,
});
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
    ["nothing rules out a real adapter", "auto", hardware, { adapter: "intel gen-12lp" }],
    ["nor one asked for", "webgpu", hardware, { adapter: "intel gen-12lp" }],
    ["the CPU was asked for", "cpu", hardware, { reason: "cpu-requested" }],
    ["there is no WebGPU", "auto", undefined, { reason: "no-webgpu" }],
    ["nor when it is asked for", "webgpu", undefined, { reason: "no-webgpu" }],
    ["there is no adapter", "auto", gives(null), { reason: "no-adapter" }],
    ["the adapter is software", "auto", software, { reason: "software-adapter" }],
    ["software by the old flag", "auto", oldSoftware, { reason: "software-adapter" }],
    ["software is fine if asked for", "webgpu", software, { adapter: "" }],
    ["or if it is measured", "fastest", software, { adapter: "" }],
    ["asking fails", "auto", fails, { reason: "no-adapter", detail: "blocked by policy" }],
  ] as const)("%s", async (_, policy, gpu, obstacle) => {
    expect(await askForWebGpu(policy, gpu)).toEqual(obstacle);
  });

  it("does not even ask for an adapter if the CPU was asked for", async () => {
    const untouchable = { requestAdapter: () => Promise.reject(new Error("asked")) };
    expect(await askForWebGpu("cpu", untouchable)).toEqual({ reason: "cpu-requested" });
  });
});
