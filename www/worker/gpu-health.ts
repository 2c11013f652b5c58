import { toResNetError } from "../protocol/errors";
import type { GpuNotice, GpuTrouble } from "../protocol/messages";

/** What is used of a `GPUDevice`. */
export interface WatchedDevice extends EventTarget {
  readonly lost: Promise<{ reason?: string; message: string }>;
  pushErrorScope(filter: "validation"): void;
  popErrorScope(): Promise<unknown>;
  destroy(): void;
}

/** What is used of a `GPUAdapter`. */
export interface Adapter {
  requestDevice(descriptor?: unknown): Promise<WatchedDevice>;
  /** Current browsers have `isFallbackAdapter` here. */
  readonly info?: {
    isFallbackAdapter?: boolean;
    vendor?: string;
    architecture?: string;
    device?: string;
    description?: string;
  };
  /** Older browsers have it here. */
  readonly isFallbackAdapter?: boolean;
}

/** What is used of `navigator.gpu`. */
export interface Gpu {
  requestAdapter(options?: { powerPreference: "high-performance" }): Promise<Adapter | null>;
}

/** In milliseconds: an adapter, or a device and its self-check. */
const OPENING = 20_000;
/** In milliseconds: one run, or taking in the weights. */
const RUN = 30_000;
/** How much longer software may take. */
const SOFTWARE_FACTOR = 6;
/** In milliseconds: how long after an error the loss that caused it may be reported. */
const LOSS_DELAY = 500;

/**
 * Owns this worker's GPU from the adapter on, watches it and notifies the page of trouble.
 *
 * After trouble no call on the GPU is answered any more: wgpu's futures may stay pending for ever, and results may be stale.
 * The page is notified instead, and replaces the worker.
 */
export class GpuHealth {
  readonly #post: (notice: GpuNotice) => void;
  #device: WatchedDevice | undefined;
  #software = false;
  /** While it is opened, the wasm module finds faults itself, and may try another way. */
  #opening = false;
  #pending = 0;
  #over = false;
  /** Leaves `navigator.gpu` and the adapter as they were before opening. */
  #restore = () => {};

  constructor(post: (notice: GpuNotice) => void) {
    this.#post = post;
  }

  /** Asks for the adapter, once. */
  adapter(gpu: Gpu): Promise<Adapter | null> {
    return this.#whileOpening(() => gpu.requestAdapter({ powerPreference: "high-performance" }));
  }

  /**
   * Opens the adapter's device by `open`, in which wgpu asks `navigator.gpu` for an adapter and that for a device. If it
   * fails, the CPU may take over: see {@link release}.
   *
   * wgpu takes neither from its caller and keeps its device to itself. So for the time of opening, `gpu` and `adapter` have
   * a property of their own, by which wgpu gets this adapter and the device is watched. The browser's prototypes stay as
   * they are. Opening ends with trouble, too: wgpu may never answer then.
   */
  async open<T>(gpu: Gpu, adapter: Adapter, open: () => Promise<T>): Promise<T> {
    const requestDevice = async (descriptor?: unknown) => {
      const device = await Object.getPrototypeOf(adapter).requestDevice.call(adapter, descriptor);
      this.#take(adapter, device);
      return device;
    };
    const own = { configurable: true, enumerable: false };
    this.#restore = () => {
      this.#restore = () => {};
      Reflect.deleteProperty(gpu, "requestAdapter");
      Reflect.deleteProperty(adapter, "requestDevice");
    };
    try {
      Object.defineProperty(gpu, "requestAdapter", { ...own, value: async () => adapter });
      Object.defineProperty(adapter, "requestDevice", { ...own, value: requestDevice });
      return await this.#whileOpening(open);
    } finally {
      this.#restore();
    }
  }

  async #whileOpening<T>(work: () => Promise<T>): Promise<T> {
    this.#opening = true;
    try {
      return await this.#answered(work, OPENING, "failed");
    } finally {
      this.#opening = false;
    }
  }

  /** Does work on the GPU. Throws the errors of everything else; those of the GPU are reported as trouble. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await this.#answered(work, RUN, "lost");
    } catch (thrown) {
      const { code, message } = toResNetError(thrown);
      if (code === "device-lost") return this.#giveUp({ gpu: "lost", message });
      if (code === "device-failed") return this.#giveUp({ gpu: "failed", message });
      throw thrown;
    }
  }

  /** Uploads weights: like a run, but a refusal is reported by an event only, which this waits for. */
  load<T>(work: () => T | Promise<T>): Promise<T> {
    return this.run(async () => {
      const loaded = await work();
      await this.#errorsReported();
      return loaded;
    });
  }

  /** Reports trouble, and never returns. */
  async #giveUp(trouble: GpuTrouble): Promise<never> {
    // What fails because the device was lost may be reported before the loss.
    await Promise.race([this.#device?.lost, new Promise((done) => setTimeout(done, LOSS_DELAY))]);
    this.#report(trouble);
    return new Promise(() => {});
  }

  /** Frees the device and is silent from now on, because another has been opened in its place. */
  release(): void {
    this.#over = true;
    this.#restore();
    this.#device?.destroy();
  }

  #take(adapter: Adapter, device: WatchedDevice): void {
    this.#device = device;
    this.#software = isSoftware(adapter);
    if (this.#software && this.#pending > 0) this.#expect(OPENING, "failed");
    device.addEventListener("uncapturederror", (event) => {
      if (this.#opening) return;
      event.stopImmediatePropagation();
      const { message } = (event as Event & { error: { message: string } }).error;
      this.#report({ gpu: "failed", message: `The GPU refused a command: ${message}` });
    });
    void device.lost.then(({ reason, message }) => {
      const why = [reason, message].filter(Boolean).join(": ");
      this.#report({ gpu: "lost", message: `The GPU's device was lost (${why}).` });
    });
  }

  async #answered<T>(
    work: () => T | Promise<T>,
    within: number,
    otherwise: GpuTrouble["gpu"],
  ): Promise<T> {
    if (this.#pending === 0) this.#expect(within, otherwise);
    this.#pending += 1;
    try {
      return await work();
    } finally {
      this.#pending -= 1;
      // Runs queue up: the next one's time begins when one is done.
      if (this.#pending > 0) this.#expect(within, otherwise);
      else if (!this.#over) this.#post({ gpu: "answered" });
      // biome-ignore lint/correctness/noUnsafeFinally: the result cannot be trusted, and the page has been notified.
      if (this.#over) return new Promise<never>(() => {});
    }
  }

  /**
   * Waits until every error of the commands so far has been reported.
   *
   * A buffer that the browser refuses is invalid, and writing to it does nothing. The error comes by an event. Errors and answers come back from the GPU process one
   * after the other, so a scope that is asked for now is answered after all of them; `onSubmittedWorkDone` would not do,
   * it has no order with errors of commands that were never submitted. The scope is empty, so it takes no error away
   * from the event. Where events are tasks, they come behind the scope's promise: hence the time-out.
   */
  async #errorsReported(): Promise<void> {
    if (!this.#device || this.#over) return;
    this.#device.pushErrorScope("validation");
    // Rejected by a lost device, which is reported elsewhere.
    await this.#device.popErrorScope().catch(() => {});
    await new Promise((done) => setTimeout(done));
  }

  #expect(within: number, otherwise: GpuTrouble["gpu"]): void {
    if (this.#over) return;
    const limit = this.#software ? within * SOFTWARE_FACTOR : within;
    const message = `The GPU did not answer for ${limit / 1000} seconds.`;
    this.#post({ gpu: "due", within: limit, otherwise: { gpu: otherwise, message } });
  }

  #report(trouble: GpuTrouble): void {
    if (this.#over) return;
    this.#over = true;
    this.#restore();
    this.#post(trouble);
  }
}

/** Whether the CPU does the GPU's work. */
export function isSoftware({ info, isFallbackAdapter }: Adapter): boolean {
  return info?.isFallbackAdapter ?? isFallbackAdapter ?? false;
}
