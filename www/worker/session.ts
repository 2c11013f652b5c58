import { ResNetError, toResNetError } from "../lib/errors";
import type {
  DevicePolicy,
  DeviceStatus,
  ImageClassification,
  LoadedModel,
  Progress,
} from "../lib/types";
import type { Engine, Model } from "../wasm/cpu/resnet_web";
import { type OpenedDevice, openDevice, openOnCpu } from "./device";
import { readPixels } from "./pixels";
import { type Settled, settle } from "./settled";
import { fetchWeights } from "./weights";

/** What the worker does for the page. One instance lives as long as its worker. */
export class Session {
  #opened: Promise<OpenedDevice> | undefined;
  #model: Model | undefined;
  #download: AbortController | undefined;

  /** Opens a device: `policy`'s, or the CPU where that cannot be had. */
  open(policy: DevicePolicy): Promise<Settled<DeviceStatus>> {
    return settle(async () => {
      this.#opened = openDevice(policy);
      return (await this.#opened).status;
    });
  }

  /** Opens the CPU, because the code on another device, or on this, stopped with `detail`. */
  reopen(detail: string): Promise<Settled<DeviceStatus>> {
    return settle(async () => {
      this.#opened = openOnCpu("crashed", detail);
      return (await this.#opened).status;
    });
  }

  /**
   * Fetches weights and builds their network. While that goes on, and if it fails, the model that was loaded before
   * stays.
   *
   * @param weights the address of a weight file, or of a manifest (`.json`) that names one
   */
  load(
    weights: string,
    onProgress: (progress: Progress) => void,
  ): Promise<Settled<{ model: LoadedModel; device: DeviceStatus }>> {
    return settle(async () => {
      this.#download?.abort();
      const download = new AbortController();
      this.#download = download;
      const bytes = await fetchWeights(weights, download.signal, onProgress);
      const device = await this.#device();
      // From here on there is no turning back: cancelled means that the model before stays.
      download.signal.throwIfAborted();
      const { model, status } = await this.#build(device, bytes);
      this.#model?.free();
      this.#model = model;
      const loaded = { info: model.info, summary: model.summary, bytes: bytes.byteLength };
      return { model: loaded, device: status };
    });
  }

  /** Stops a download that is under way. */
  cancelLoad(): void {
    this.#download?.abort();
  }

  /** Classifies an encoded photo or a decoded one. `name` is for the error's text. */
  classify(
    image: Blob | ImageBitmap,
    name: string,
    top: number,
  ): Promise<Settled<ImageClassification>> {
    return settle(async () => {
      if (!this.#model) {
        throw new ResNetError("not-ready", "No model is loaded yet. Load weights first.");
      }
      const start = performance.now();
      const { data, width, height } = await readPixels(image, name);
      const decodeMilliseconds = performance.now() - start;
      const classification = await this.#model.classify(data, width, height, top);
      return { ...classification, width, height, decodeMilliseconds };
    });
  }

  /** Makes the wasm code panic, to try out what happens then. */
  async crash(): Promise<void> {
    const { wasm } = await this.#device();
    wasm.crash();
  }

  async #device(): Promise<OpenedDevice> {
    if (!this.#opened) throw new ResNetError("not-ready", "No device is open yet.");
    return this.#opened;
  }

  /** Builds the network; on the CPU if the GPU fails at it. */
  async #build(
    device: OpenedDevice,
    bytes: Uint8Array,
  ): Promise<{ model: Model; status: DeviceStatus }> {
    const build = (engine: Engine) => engine.load(bytes);
    try {
      return { model: build(device.engine), status: device.status };
    } catch (thrown) {
      const error = toResNetError(thrown);
      if (error.code !== "device-failed" || device.status.kind === "cpu") throw error;
      this.#opened = openOnCpu("device-failed", error.message);
      const cpu = await this.#opened;
      return { model: build(cpu.engine), status: cpu.status };
    }
  }
}
