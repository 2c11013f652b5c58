import { beforeEach, describe, expect, it, vi } from "vitest";
import type { GpuNotice } from "../protocol/messages";
import { type Adapter, type Gpu, GpuHealth } from "./gpu-health";

class FakeDevice extends EventTarget {
  lose!: (why: { reason: string; message: string }) => void;
  readonly lost = new Promise<{ reason: string; message: string }>((resolve) => {
    this.lose = resolve;
  });
  pushErrorScope() {}
  async popErrorScope() {}
  destroy = vi.fn();
}

let device: FakeDevice;
let notices: GpuNotice[];
let health: GpuHealth;
let gpu: Gpu;
const asked = vi.fn();

class FakeAdapter {
  async requestDevice() {
    return device;
  }
}

class FakeGpu {
  async requestAdapter() {
    asked();
    return new FakeAdapter();
  }
}

beforeEach(() => {
  asked.mockReset();
  device = new FakeDevice();
  notices = [];
  health = new GpuHealth((notice) => notices.push(notice));
  gpu = new FakeGpu() as unknown as Gpu;
});

/** What wgpu does: it asks by itself. */
const wgpuOpens = async () => {
  const adapter = await gpu.requestAdapter();
  return adapter?.requestDevice();
};
const open = async () => {
  const adapter = (await health.adapter(gpu)) as Adapter;
  return { adapter, opened: await health.open(gpu, adapter, wgpuOpens) };
};
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("opening", () => {
  it("asks for the adapter once, and wgpu gets the same", async () => {
    const { opened } = await open();
    expect(opened).toBe(device);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("leaves the browser's prototypes and objects as they are", async () => {
    const before = [FakeGpu.prototype.requestAdapter, FakeAdapter.prototype.requestDevice];
    const adapter = (await health.adapter(gpu)) as Adapter;
    await health.open(gpu, adapter, async () => {
      await wgpuOpens();
      expect([FakeGpu.prototype.requestAdapter, FakeAdapter.prototype.requestDevice]).toEqual(
        before,
      );
    });
    expect([gpu.requestAdapter, adapter.requestDevice]).toEqual(before);
    expect([Object.keys(gpu), Object.keys(adapter)]).toEqual([[], []]);
  });

  it.each<[string, (adapter: Adapter) => Promise<unknown>]>([
    [
      "the device is lost and wgpu never answers",
      async (adapter) => {
        const never = async () => {
          await wgpuOpens();
          device.lose({ reason: "", message: "reset" });
          return new Promise(() => {});
        };
        void health.open(gpu, adapter, never);
        await settled();
        expect(notices.at(-1)).toMatchObject({ gpu: "lost" });
      },
    ],
    [
      "it is released and wgpu never answers",
      async (adapter) => {
        void health.open(gpu, adapter, () => new Promise(() => {}));
        await settled();
        health.release();
      },
    ],
    [
      "the adapter takes no property",
      async (adapter) => {
        Object.preventExtensions(adapter);
        await expect(health.open(gpu, adapter, wgpuOpens)).rejects.toThrow(TypeError);
      },
    ],
  ])("does so if %s", async (_, fail) => {
    const adapter = (await health.adapter(gpu)) as Adapter;
    await fail(adapter);
    expect([Object.getOwnPropertyNames(gpu), Object.getOwnPropertyNames(adapter)]).toEqual([
      [],
      [],
    ]);
  });

  it("is over when it fails: a command that is refused later is trouble", async () => {
    const adapter = (await health.adapter(gpu)) as Adapter;
    const fails = async () => {
      await wgpuOpens();
      throw new Error("self-check");
    };
    await expect(health.open(gpu, adapter, fails)).rejects.toThrow("self-check");
    device.dispatchEvent(
      Object.assign(new Event("uncapturederror"), { error: { message: "too large" } }),
    );
    expect(notices.at(-1)).toMatchObject({ gpu: "failed" });
  });

  it("does so if it fails, too, and frees the device", async () => {
    const adapter = (await health.adapter(gpu)) as Adapter;
    const fails = async () => {
      await wgpuOpens();
      throw new Error("self-check");
    };
    await expect(health.open(gpu, adapter, fails)).rejects.toThrow("self-check");
    expect(Object.getOwnPropertyNames(gpu)).toEqual([]);
    health.release();
    expect(device.destroy).toHaveBeenCalled();
  });

  it("has a time limit, which the page holds", async () => {
    await open();
    expect(notices.filter((notice) => notice.gpu === "due")).toMatchObject([
      { within: 20_000, otherwise: { gpu: "failed" } },
      { within: 20_000, otherwise: { gpu: "failed" } },
    ]);
    expect(notices.at(-1)).toEqual({ gpu: "answered" });
  });
});

describe("trouble is told once", () => {
  beforeEach(async () => {
    await open();
    notices.length = 0;
  });

  it("when the device is lost", async () => {
    device.lose({ reason: "destroyed", message: "" });
    await settled();
    expect(notices).toEqual([{ gpu: "lost", message: "The GPU's device was lost (destroyed)." }]);
  });

  it("when a command is refused", async () => {
    const refused = () =>
      device.dispatchEvent(
        Object.assign(new Event("uncapturederror"), { error: { message: "too large" } }),
      );
    refused();
    refused();
    expect(notices).toEqual([{ gpu: "failed", message: "The GPU refused a command: too large" }]);
  });

  it.each(["device-lost", "device-failed"])(
    "when a run fails with %s, as the loss that caused it",
    async (code) => {
      const returned = vi.fn();
      const thrown = Object.assign(new Error("no"), { name: "ResNetError", code });
      void health.run(() => Promise.reject(thrown)).then(returned, returned);
      device.lose({ reason: "", message: "reset" });
      await settled();
      const lost = { gpu: "lost", message: "The GPU's device was lost (reset)." };
      expect(notices.filter(({ gpu }) => gpu === "lost" || gpu === "failed")).toEqual([lost]);
      expect(returned).not.toHaveBeenCalled();
    },
  );

  it("but not what is wrong with the image", async () => {
    const thrown = Object.assign(new Error("no"), { name: "ResNetError", code: "image-size" });
    await expect(health.run(() => Promise.reject(thrown))).rejects.toBe(thrown);
    expect(notices.map(({ gpu }) => gpu)).toEqual(["due", "answered"]);
  });

  it("and never of a device that was released", async () => {
    health.release();
    device.lose({ reason: "destroyed", message: "" });
    await settled();
    expect(notices).toEqual([]);
  });
});
