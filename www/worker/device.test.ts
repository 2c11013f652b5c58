import { describe, expect, it } from "vitest";
import { type Gpu, whyNoWebGpu } from "./device";

const gives = (adapter: Awaited<ReturnType<Gpu["requestAdapter"]>>): Gpu => ({
  requestAdapter: async () => adapter,
});
const fails: Gpu = {
  requestAdapter: async () => {
    throw new Error("blocked by policy");
  },
};
const hardware = gives({ info: { isFallbackAdapter: false } });
const software = gives({ info: { isFallbackAdapter: true } });
/** Chrome before it moved the flag. */
const oldSoftware = gives({ isFallbackAdapter: true });

describe("WebGPU is ruled out", () => {
  it.each([
    ["nothing rules out a real adapter", "auto", hardware, null],
    ["nor one asked for", "webgpu", hardware, null],
    ["the CPU was asked for", "cpu", hardware, { reason: "cpu-requested" }],
    ["there is no WebGPU", "auto", undefined, { reason: "no-webgpu" }],
    ["nor when it is asked for", "webgpu", undefined, { reason: "no-webgpu" }],
    ["there is no adapter", "auto", gives(null), { reason: "no-adapter" }],
    ["the adapter is software", "auto", software, { reason: "software-adapter" }],
    ["software by the old flag", "auto", oldSoftware, { reason: "software-adapter" }],
    ["software is fine if asked for", "webgpu", software, null],
    ["asking fails", "auto", fails, { reason: "no-adapter", detail: "blocked by policy" }],
  ] as const)("%s", async (_, policy, gpu, obstacle) => {
    expect(await whyNoWebGpu(policy, gpu)).toEqual(obstacle);
  });

  it("does not even ask for an adapter if the CPU was asked for", async () => {
    const untouchable = { requestAdapter: () => Promise.reject(new Error("asked")) };
    expect(await whyNoWebGpu("cpu", untouchable)).toEqual({ reason: "cpu-requested" });
  });
});
