import { ResNetError } from "../lib/errors";
import type {
  Assumption,
  CachedWeights,
  DevicePolicy,
  DeviceReason,
  DeviceStatus,
  EvidenceFor,
  FeatureMap,
  GpuTimes,
  ImageClassification,
  ImageInspection,
  Kept,
  LoadedModel,
  Progress,
  SeenLayer,
  ThreadCount,
  WeightChoices,
  WeightsAhead,
} from "../lib/types";
import type { Inspection, Model } from "../wasm/cpu/resnet_web";
import { afterLoss, type OpenedDevice, openDevice, openOnCpu } from "./device";
import type { GpuWatch } from "./gpu-watch";
import { IMAGENET_CLASSES, IMAGENET_LABELS, readLabels } from "./labels";
import { readPixels } from "./pixels";
import { type Settled, settle } from "./settled";
import { cachedWeights, clearWeights, fetchWeights, forgetWeights, lookAhead } from "./weights";

/** What is loaded, as plain data. */
export interface LoadRequest {
  /** A weight file's bytes, its address, or that of a manifest (`.json`) that names one. */
  weights: string | Blob;
  choices: WeightChoices;
  /** A text or JSON file of labels, or its address. */
  labels?: string | Blob;
  sha256?: string;
}

/** Runs that are timed at most, after one that is not. */
const TIMED_RUNS = 5;
/** No further one is begun after so many milliseconds: software takes seconds for each, and somebody may wait. */
const ENOUGH = 3000;

/** A model and what is known of it beside what it tells. */
interface Loaded {
  model: Model;
  /** ImageNet's labels are given to a model only on an assumption, which it does not know of. */
  assumed: Assumption[];
  kept: Kept;
  /** The weight file, for whoever needs it once more: a handle, the bytes are on disk or in the browser's hands. */
  blob: Blob;
  choices: WeightChoices;
}

/** What one run showed. */
interface Inspected {
  inspection: Inspection;
  layers: SeenLayer[];
}

/** What the worker does for the page. One instance lives as long as its worker. */
export class Session {
  #opened: Promise<OpenedDevice> | undefined;
  #loaded: Loaded | undefined;
  #inspected: Inspected | undefined;
  /** Classifications under way; a model must not be freed or renamed while it has one. */
  readonly #running = new Set<Promise<unknown>>();
  #download: AbortController | undefined;

  /**
   * Opens a device: `policy`'s, or the CPU where that cannot be had, to compute on so many threads.
   *
   * @param lost how a device in another worker was lost, in whose place this one comes
   */
  open(policy: DevicePolicy, threads: ThreadCount, lost?: string): Promise<Settled<DeviceStatus>> {
    return settle(async () => {
      this.#opened = openDevice(policy, threads).then((device) =>
        lost === undefined ? device : { ...device, status: afterLoss(device.status, lost) },
      );
      return (await this.#opened).status;
    });
  }

  /** Opens the CPU, because of what happened, or was measured, in another worker. */
  openCpu(
    reason: DeviceReason,
    detail: string | undefined,
    threads: ThreadCount,
  ): Promise<Settled<DeviceStatus>> {
    return settle(async () => {
      this.#opened = openOnCpu(threads, reason, detail);
      return (await this.#opened).status;
    });
  }

  /** Computes on so many threads from now on, or as many of them as there can be. */
  setThreads(count: ThreadCount): Promise<Settled<DeviceStatus>> {
    return settle(async () => {
      const device = await this.#device();
      if (!device.threads) return device.status;
      await device.threads.set(count);
      const status = { ...device.status, threads: device.threads.status };
      this.#opened = Promise.resolve({ ...device, status });
      return status;
    });
  }

  /**
   * Fetches weights and builds their network. While that goes on, and if it fails, the model that was loaded before
   * stays.
   */
  load(
    { weights, sha256, choices, labels }: LoadRequest,
    onProgress: (progress: Progress) => void,
  ): Promise<Settled<LoadedModel>> {
    return settle(async () => {
      this.#download?.abort();
      const download = new AbortController();
      this.#download = download;
      const { signal } = download;
      const fetched: { blob: Blob; name?: string; kept: Kept } =
        weights instanceof Blob
          ? { blob: weights, kept: { cached: false, reason: "file" } }
          : await fetchWeights({ url: weights, signal, onProgress, ...(sha256 && { sha256 }) });
      const { blob, name, kept } = fetched;
      onProgress({ loaded: blob.size, total: blob.size, cached: false });
      const device = await this.#device();
      // From here on there is no turning back: cancelled means that the model before stays.
      signal.throwIfAborted();
      const known = { ...(name && { name }), ...choices };
      const model = await build(device, blob, known).catch(async (thrown) => {
        if (typeof weights === "string") await forgetWeights(weights);
        throw thrown;
      });
      let assumed: Assumption[];
      try {
        assumed = await label(model, labels, signal);
      } catch (thrown) {
        model.free();
        throw thrown;
      }
      const before = this.#loaded?.model;
      this.#loaded = { model, assumed, kept, blob, choices: known };
      this.#forgetInspection();
      if (before) {
        // Whoever still classifies with it comes to the end first.
        await Promise.allSettled(this.#running);
        before.free();
      }
      return described(this.#loaded);
    });
  }

  /** Gives the classes other names, of a text or JSON file or from its address. */
  setLabels(labels: string | Blob): Promise<Settled<LoadedModel>> {
    return settle(async () => {
      const text = await readLabels(labels);
      while (this.#running.size > 0) await Promise.allSettled(this.#running);
      const loaded = this.#ready();
      loaded.model.setLabels(text);
      loaded.assumed = loaded.assumed.filter((assumption) => assumption !== "labels");
      return described(loaded);
    });
  }

  /** What is known of weights before they are downloaded. */
  lookAhead(weights: string): Promise<Settled<WeightsAhead>> {
    return settle(() => lookAhead(weights));
  }

  /** What the browser's cache holds. */
  cachedWeights(): Promise<Settled<CachedWeights>> {
    return settle(cachedWeights);
  }

  /** Empties it. */
  clearCachedWeights(): Promise<Settled<void>> {
    return settle(clearWeights);
  }

  /** Stops a download that is under way. */
  cancelLoad(): void {
    this.#download?.abort();
  }

  /** Classifies an encoded photo or a decoded one, and tells `evidence` for it. `name` is for the error's text. */
  classify(
    image: Blob | ImageBitmap,
    name: string,
    top: number,
    evidence: EvidenceFor | undefined,
  ): Promise<Settled<ImageClassification>> {
    return settle(async () => {
      this.#ready();
      const start = performance.now();
      const { gpu } = await this.#device();
      const { data, width, height } = await readPixels(image, name);
      const decodeMilliseconds = performance.now() - start;
      // Decoding takes its time, and another model may have come meanwhile.
      const { model } = this.#ready();
      const { evidence: told, ...classification } = await this.#run(gpu, () =>
        model.classify(data, width, height, top, evidence),
      );
      return {
        ...classification,
        width,
        height,
        decodeMilliseconds,
        ...(told && { evidence: { ...told, values: Float32Array.from(told.values) } }),
      };
    });
  }

  /**
   * Runs the network on a picture and looks at every layer, on the CPU. What is seen stays until the next look. Of a model on
   * a GPU its times there come along.
   */
  inspect(image: Blob | ImageBitmap, name: string): Promise<Settled<ImageInspection>> {
    return settle(async () => {
      this.#ready();
      const { data, width, height } = await readPixels(image, name);
      const { wasm, gpu } = await this.#device();
      const { model, blob, choices } = this.#ready();
      const times = gpu && (await this.#timesOf(model, gpu));
      this.#forgetInspection();
      let inspection: Inspection;
      if (!gpu) {
        inspection = model.inspect(data, width, height);
      } else {
        // The GPU's module computes on the CPU, too. The second network goes as soon as it has been looked into.
        const engine = await wasm.Engine.open("cpu", false);
        const second = engine.load(blob, choices);
        inspection = second.inspect(data, width, height);
        second.free();
        engine.free();
      }
      const { layers } = inspection;
      this.#inspected = { inspection, layers };
      const seen = { layers, width, height };
      return times ? { ...seen, gpu: times } : seen;
    });
  }

  /** The feature maps of the layer at this place of the last look, that with the largest activation first. */
  featureMaps(place: number, from: number, count: number): Promise<Settled<FeatureMap[]>> {
    return settle(async () => {
      const { inspection, layers } = this.#looked();
      const [, height = 0, width = 0] = layers[place]?.shape ?? [];
      const pixels = inspection.pixels(place, from, count);
      const size = width * height;
      return inspection
        .channels(place)
        .slice(from, from + count)
        .map((channel, i) => ({
          ...channel,
          width,
          height,
          pixels: pixels.slice(i * size, (i + 1) * size),
        }));
    });
  }

  /** How long a run of the loaded model takes, in milliseconds: the median of a few, after a warm-up. */
  time(): Promise<Settled<number>> {
    return settle(() => this.#timedRun());
  }

  /** Makes the wasm code panic, to try out what happens then. */
  async crash(): Promise<void> {
    const { wasm } = await this.#device();
    wasm.crash();
  }

  /** Loses the GPU's device, to try out what happens then; on the CPU it does nothing. */
  async loseDevice(): Promise<void> {
    const { gpu } = await this.#device();
    gpu?.lose();
  }

  async #timedRun(): Promise<number> {
    const { gpu } = await this.#device();
    const times: number[] = [];
    let spent = 0;
    for (let run = 0; run <= TIMED_RUNS && (run < 2 || spent < ENOUGH); run += 1) {
      // Pictures that somebody waits for come first.
      while (this.#running.size > 0) await Promise.allSettled(this.#running);
      const { model } = this.#ready();
      const values = model.info.inputShape.reduce((product, size) => product * size, 1);
      const picture = Float32Array.from({ length: values }, (_, i) => Math.sin(i));
      const start = performance.now();
      await this.#run(gpu, () => model.logits(picture));
      const time = performance.now() - start;
      times.push(time);
      spent += time;
    }
    const sorted = times.slice(1).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }

  /** How long the GPU takes for each layer of a model or, where that is not told, for a run. */
  async #timesOf(model: Model, gpu: GpuWatch): Promise<GpuTimes> {
    const layers = await this.#run(gpu, () => model.layerTimes());
    if (layers) return { taken: "timestamps", layers };
    return { taken: "coarse", milliseconds: await this.#timedRun() };
  }

  /** Has a model do something on its device; until that is done the model stays. */
  #run<T>(gpu: GpuWatch | undefined, work: () => Promise<T>): Promise<T> {
    const run = gpu ? gpu.run(work) : work();
    this.#running.add(run);
    return run.finally(() => this.#running.delete(run));
  }

  #looked(): Inspected {
    if (this.#inspected) return this.#inspected;
    throw new ResNetError("not-ready", "Nothing has been looked at yet. Inspect a picture first.");
  }

  #forgetInspection(): void {
    this.#inspected?.inspection.free();
    this.#inspected = undefined;
  }

  #ready(): Loaded {
    if (this.#loaded) return this.#loaded;
    throw new ResNetError("not-ready", "No model is loaded yet. Load weights first.");
  }

  async #device(): Promise<OpenedDevice> {
    if (!this.#opened) throw new ResNetError("not-ready", "No device is open yet.");
    return this.#opened;
  }
}

/** Builds the network. A GPU that fails at it is told of, and the call goes unanswered. */
async function build(
  { engine, gpu }: OpenedDevice,
  weights: Blob,
  choices: WeightChoices,
): Promise<Model> {
  // Begun outside of the GPU's time: reading the weights is the disk's matter.
  const loading = (async () => engine.load(weights, choices))();
  return gpu ? gpu.load(() => loading) : loading;
}

function described({ model, assumed, blob, kept }: Loaded): LoadedModel {
  return { info: { ...model.info, assumed }, summary: model.summary, bytes: blob.size, kept };
}

/** Names a new model's classes, by ImageNet's names where nobody says and the number fits. Tells what is assumed. */
async function label(
  model: Model,
  labels: string | Blob | undefined,
  signal: AbortSignal,
): Promise<Assumption[]> {
  const { assumed, classes } = model.info;
  if (labels !== undefined) {
    model.setLabels(await readLabels(labels, signal));
    return model.info.assumed;
  }
  if (assumed.includes("labels") && classes === IMAGENET_CLASSES) {
    try {
      model.setLabels(await readLabels(IMAGENET_LABELS, signal));
    } catch {
      // Numbers do for names; the next load tries again.
      signal.throwIfAborted();
    }
  }
  return assumed;
}
