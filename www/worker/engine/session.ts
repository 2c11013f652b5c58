import { ResNetError } from "../../protocol/errors";
import type { BuildRequest, Settled, Wanted } from "../../protocol/messages";
import type {
  Assumption,
  Classification,
  Description,
  DevicePolicy,
  DeviceReason,
  DeviceStatus,
  ExternalFile,
  FeatureMap,
  GpuTimes,
  ImageClassification,
  ImageInspection,
  Kept,
  LoadedModel,
  SeenLayer,
  Setting,
  ThreadCount,
  WeightChoices,
} from "../../protocol/types";
import type { Inspection, Model, Run } from "../../wasm/cpu/resnet_web";
import type { GpuHealth } from "../gpu-health";
import { type Pixels, readPixels } from "../pixels/read";
import { post } from "../post";
import { crashes } from "../wasm/crashes";
import type { WasmModule } from "../wasm/module";
import { together } from "./descriptions";
import { afterLoss, type OpenedDevice, openDevice, openOnCpu } from "./device";
import { IMAGENET_CLASSES, IMAGENET_LABELS, readLabels } from "./labels";
import { settle } from "./settled";
import { Turns } from "./turns";

/** Runs that are timed at most, after one that is not. */
const TIMED_RUNS = 5;
/** No further run begins after this time, in milliseconds: a software adapter takes seconds for each. */
const ENOUGH = 3000;

/** The number of images that are worked on at a time: one is decoded while the network classifies another. */
const IMAGES = 2;

/** For so long a run on the CPU computes, in milliseconds, before it lets messages in: one of them may cancel it. */
const BREATH = 8;

/** A model, and what is known of it beside what it says itself. */
interface Loaded {
  id: number;
  model: Model;
  /** ImageNet's labels are given to a model only on an assumption, which it does not know of. */
  assumed: Assumption[];
  /** What files beside the weights ask for that is not supported. */
  unsupported: Setting[];
  kept: Kept;
  weights: Weights;
  choices: WeightChoices;
}

/** A weight file and its external data, to read them once more: handles, whose bytes the browser holds. */
interface Weights {
  blob: Blob;
  external: readonly ExternalFile[];
}

/** What an inspection returned, and its layers. */
interface Inspected {
  inspection: Inspection;
  layers: SeenLayer[];
}

/** What the worker does for the page. One instance lives as long as its worker. */
export class Session {
  #opened: Promise<OpenedDevice> | undefined;
  #loaded: Loaded | undefined;
  /** Built, and not in use until the page commits it: only the page knows whether the load has been cancelled. */
  #staged: Loaded | undefined;
  #inspected: Inspected | undefined;
  /** Runs under way; a model must not be freed or renamed while it has one. */
  readonly #running = new Set<Promise<unknown>>();
  /** Loads under way, by id. */
  readonly #loads = new Map<number, AbortController>();
  /** Calls with an image under way, by id. */
  readonly #calls = new Map<number, AbortController>();
  readonly #images = new Turns(IMAGES);
  /** The CPU completes one run before it begins another. A GPU queues them itself. */
  readonly #runs = new Turns(1);
  /** The last inspection is kept, so inspections come one after the other. */
  readonly #looks = new Turns(1);
  readonly #threads = new Turns(1);

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
    const set = async () => {
      const device = await this.#device();
      if (!device.threads) return device.status;
      await device.threads.set(count);
      const status = { ...device.status, threads: device.threads.status };
      this.#opened = Promise.resolve({ ...device, status });
      return status;
    };
    return settle(() => this.#threads.take(new AbortController().signal, set));
  }

  /**
   * Builds a network and stages it until {@link commit} or {@link drop}. The model in use stays in use.
   */
  load(request: BuildRequest): Promise<Settled<LoadedModel>> {
    return settle(async () => {
      const load = new AbortController();
      this.#loads.set(request.id, load);
      try {
        const staged = await this.#stage(request, load.signal);
        this.#unstage();
        this.#staged = staged;
        return described(staged);
      } finally {
        this.#loads.delete(request.id);
      }
    });
  }

  /** Puts the staged model of a load in use, for all later calls. */
  commit(id: number): Promise<Settled<void>> {
    return settle(async () => {
      if (this.#staged?.id !== id) throw new ResNetError("aborted", "This load was cancelled.");
      const before = this.#loaded?.model;
      this.#loaded = this.#staged;
      this.#staged = undefined;
      this.#forgetInspection();
      // It is freed when its last run has ended.
      void Promise.allSettled(this.#running).then(() => before?.free());
    });
  }

  /** Cancels a load and frees its model, unless that is in use already. */
  drop(id: number): Promise<Settled<void>> {
    return settle(async () => {
      this.#loads.get(id)?.abort();
      if (this.#staged?.id === id) this.#unstage();
    });
  }

  /** Reads a file that describes a model, or the one at an address. */
  describe(file: string | Blob): Promise<Settled<Description>> {
    return settle(async () => describe(await this.#device(), file));
  }

  /** Renames the classes of a model. The labels come from a file or its address. */
  setLabels(id: number, labels: string | Blob): Promise<Settled<LoadedModel>> {
    return settle(async () => {
      const names = (await describe(await this.#device(), labels)).labels;
      if (names.length === 0) throw new ResNetError("labels", "The file names no classes.");
      while (this.#running.size > 0) await Promise.allSettled(this.#running);
      const loaded = this.#ready();
      if (loaded.id !== id) {
        throw replacedMeanwhile();
      }
      loaded.model.setLabels(names);
      loaded.assumed = loaded.assumed.filter((assumption) => assumption !== "labels");
      return described(loaded);
    });
  }

  /**
   * Cancels a call with an image: it does not begin, or ends before the network runs or, where it is being classified on the
   * CPU, between layers. On a GPU a run is one submission, which is completed.
   */
  cancel(call: number): void {
    this.#calls.get(call)?.abort();
  }

  /**
   * Runs the network on an encoded photo or a decoded one. `name` is for the error's text.
   *
   * @param call an id for {@link cancel}
   */
  classify(
    image: Blob | ImageBitmap,
    name: string,
    { top, evidence, embedding = false }: Wanted,
    call: number,
  ): Promise<Settled<ImageClassification>> {
    return this.#withImage(call, image, this.#images, async (signal) => {
      const start = performance.now();
      const { gpu } = await this.#device();
      const { data, width, height } = await this.#pixels(image, name);
      const decodeMilliseconds = performance.now() - start;
      const classified = async () => {
        await receiveMessages(signal);
        // Decoding takes its time, and another model may have come meanwhile.
        const { id, model } = this.#ready();
        const classification = await this.#run(id, gpu, () =>
          complete(model.begin(data, width, height, top, evidence, embedding), signal),
        );
        return { ...classification, model: id };
      };
      const {
        evidence: found,
        embedding: features,
        ...answer
      } = await (gpu ? classified() : this.#runs.take(signal, classified));
      return {
        ...answer,
        width,
        height,
        decodeMilliseconds,
        ...(found && { evidence: { ...found, values: Float32Array.from(found.values) } }),
        ...(features && { embedding: Float32Array.from(features) }),
      };
    });
  }

  /**
   * Runs the network on an image on the CPU and records every layer. The feature maps are kept until the next inspection. For
   * a model on a GPU, the times of its layers there are returned as well.
   *
   * @param call an id for {@link cancel}
   */
  inspect(
    image: Blob | ImageBitmap,
    name: string,
    call: number,
  ): Promise<Settled<ImageInspection>> {
    return this.#withImage(call, image, this.#looks, async (signal) => {
      const pixels = await this.#pixels(image, name);
      const { wasm, gpu } = await this.#device();
      await receiveMessages(signal);
      const loaded = this.#ready();
      const times = gpu && (await this.#timesOf(loaded, gpu));
      signal.throwIfAborted();
      this.#forgetInspection();
      const inspection = await crashes.during(loaded.id, () =>
        gpu ? lookOnCpu(wasm, loaded, pixels) : look(loaded.model, pixels),
      );
      const { layers } = inspection;
      if (this.#loaded === loaded) this.#inspected = { inspection, layers };
      else inspection.free();
      const { width, height } = pixels;
      const seen = { model: loaded.id, layers, width, height };
      return times ? { ...seen, gpu: times } : seen;
    });
  }

  /** Feature maps of the layer at this place in the last inspection, the one with the largest activation first. */
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

  /** How long a run of the model of a load takes, in milliseconds: the median of a few, after a warm-up. */
  time(load: number): Promise<Settled<number>> {
    return settle(() => this.#timedRun(load));
  }

  /** Builds the model of a request. */
  async #stage({ id, file, choices, labels }: BuildRequest, signal: AbortSignal): Promise<Loaded> {
    const { blob, name, kept, external = [] } = file;
    const device = await this.#device();
    const description = labels === undefined ? undefined : await describe(device, labels, signal);
    const beside = await describedBeside(device, file.beside ?? []);
    // Building is one long call, during which no messages are received.
    await receiveMessages(signal);
    this.#unstage();
    const saidBeside = choicesOf(beside);
    const known = {
      ...(name && { name }),
      ...(Object.keys(saidBeside).length > 0 && { described: saidBeside }),
      ...(description && choicesOf(description)),
      ...choices,
    };
    const weights = { blob, external };
    const model = await build(id, device, weights, known);
    try {
      const names = description?.labels.length ? description.labels : labelsBeside(beside, model);
      const assumed = await label(device, model, names, signal);
      await receiveMessages(signal);
      const unsupported = [...(description?.unsupported ?? []), ...beside.unsupported];
      return { id, model, assumed, unsupported, kept, weights, choices: known };
    } catch (thrown) {
      model.free();
      throw thrown;
    }
  }

  #unstage(): void {
    this.#staged?.model.free();
    this.#staged = undefined;
  }

  /** Runs `work` on an image when its turn comes, unless the call is cancelled before. Closes a bitmap in any case. */
  #withImage<T>(
    call: number,
    image: Blob | ImageBitmap,
    turns: Turns,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<Settled<T>> {
    return settle(async () => {
      const giveUp = new AbortController();
      this.#calls.set(call, giveUp);
      try {
        this.#ready();
        return await turns.take(giveUp.signal, () => work(giveUp.signal));
      } finally {
        this.#calls.delete(call);
        // A bitmap was transferred to this worker, which has to close it in any case.
        if (!(image instanceof Blob)) image.close();
      }
    });
  }

  async #pixels(image: Blob | ImageBitmap, name: string): Promise<Pixels> {
    if (typeof OffscreenCanvas === "undefined") {
      throw new ResNetError(
        "browser-unsupported",
        "This browser cannot read images in a worker: it lacks OffscreenCanvas. Use a newer one: Chrome 69, Firefox 105, Safari 16.4 or later.",
      );
    }
    return readPixels(image, name);
  }

  /** Fails where another model is in use, or comes in between: the median would be of both. */
  async #timedRun(load: number): Promise<number> {
    const { gpu } = await this.#device();
    const times: number[] = [];
    let spent = 0;
    for (let run = 0; run <= TIMED_RUNS && (run < 2 || spent < ENOUGH); run += 1) {
      // Images that a caller waits for come first.
      while (this.#running.size > 0) await Promise.allSettled(this.#running);
      const { id, model } = this.#ready();
      if (id !== load) throw replacedMeanwhile();
      const values = model.info.inputShape.reduce((product, size) => product * size, 1);
      const image = Float32Array.from({ length: values }, (_, i) => Math.sin(i));
      const start = performance.now();
      await this.#run(id, gpu, () => model.logits(image));
      const time = performance.now() - start;
      times.push(time);
      spent += time;
    }
    const sorted = times.slice(1).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }

  /** How long the GPU takes for each layer of a model or, where that is unknown, for a run. */
  async #timesOf({ id, model }: Loaded, gpu: GpuHealth): Promise<GpuTimes> {
    const layers = await this.#run(id, gpu, () => model.layerTimes());
    if (layers) return { taken: "timestamps", layers };
    return { taken: "coarse", milliseconds: await this.#timedRun(id) };
  }

  /** Runs a model on its device. The model is not freed before the run has ended. */
  #run<T>(id: number, gpu: GpuHealth | undefined, work: () => Promise<T>): Promise<T> {
    const run = crashes.during(id, () => (gpu ? gpu.run(work) : work()));
    this.#running.add(run);
    return run.finally(() => this.#running.delete(run));
  }

  #looked(): Inspected {
    if (this.#inspected) return this.#inspected;
    throw new ResNetError("not-ready", "Nothing has been looked at yet. Inspect an image first.");
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

function replacedMeanwhile(): ResNetError {
  return new ResNetError("aborted", "Another model has been loaded meanwhile.");
}

/** Lets the worker receive the messages that are waiting; throws if one of them aborts `signal`. */
async function receiveMessages(signal: AbortSignal, channel?: MessageChannel): Promise<void> {
  const { port1, port2 } = channel ?? new MessageChannel();
  await new Promise<void>((resolve) => {
    port2.onmessage = () => resolve();
    port1.postMessage(null);
  });
  if (!channel) port2.close();
  signal.throwIfAborted();
}

/** Computes a run to its end, unless `signal` is aborted meanwhile. */
async function complete(run: Run, signal: AbortSignal): Promise<Classification> {
  const channel = new MessageChannel();
  try {
    let since = performance.now();
    while (run.advance()) {
      if (performance.now() - since < BREATH) continue;
      await receiveMessages(signal, channel);
      since = performance.now();
    }
    return await run.finish();
  } finally {
    channel.port2.close();
    run.free();
  }
}

/** Builds the network, in one long call. If the GPU fails at it, the page is notified and this never settles. */
async function build(
  id: number,
  { engine, gpu }: OpenedDevice,
  { blob, external }: Weights,
  choices: WeightChoices,
): Promise<Model> {
  post({ building: id });
  try {
    return await crashes.during(id, () => {
      // Begun outside of the GPU's time: reading the weights is the disk's matter.
      const loading = (async () => engine.load(blob, choices, external))();
      return gpu ? gpu.load(() => loading) : loading;
    });
  } finally {
    post({ building: null });
  }
}

function look(model: Model, { data, width, height }: Pixels): Inspection {
  return model.inspect(data, width, height);
}

/** Inspects a network that is on a GPU: in a second one on the CPU, which the GPU's module has, too. */
async function lookOnCpu(
  wasm: WasmModule,
  { weights: { blob, external }, choices }: Loaded,
  pixels: Pixels,
): Promise<Inspection> {
  const engine = await wasm.Engine.open("cpu", false);
  try {
    const second = engine.load(blob, choices, external);
    try {
      return look(second, pixels);
    } finally {
      second.free();
    }
  } finally {
    engine.free();
  }
}

function described({ id, model, assumed, unsupported, weights, kept }: Loaded): LoadedModel {
  return {
    id,
    info: { ...model.info, assumed },
    summary: model.summary,
    bytes: [weights, ...weights.external].reduce((sum, { blob }) => sum + blob.size, 0),
    kept,
    unsupported,
  };
}

async function describe(
  { wasm }: OpenedDevice,
  file: string | Blob,
  signal?: AbortSignal,
): Promise<Description> {
  return wasm.readDescription(await readLabels(file, signal));
}

/** What a description decides, unless the caller does. */
function choicesOf({ labels: _, unsupported: __, ...choices }: Description): WeightChoices {
  return choices;
}

/** What the files beside a weight file say. One that is no description of a model belongs to something else. */
async function describedBeside(device: OpenedDevice, files: readonly Blob[]): Promise<Description> {
  const found: Description[] = [];
  for (const file of files) {
    const description = await describe(device, file).catch(() => null);
    if (description) found.push(description);
  }
  return together(found);
}

/** The labels beside a weight file that has none itself, if they are as many as its classes. */
function labelsBeside({ labels }: Description, { info }: Model): string[] {
  const fits = labels.length === info.classes && info.assumed.includes("labels");
  return fits ? labels : [];
}

/** Labels a new model's classes: with ImageNet's labels where there are no others and their number fits. Returns the assumptions that remain. */
async function label(
  device: OpenedDevice,
  model: Model,
  labels: string[],
  signal: AbortSignal,
): Promise<Assumption[]> {
  const { assumed, classes } = model.info;
  if (labels.length > 0) {
    model.setLabels(labels);
    return model.info.assumed;
  }
  if (assumed.includes("labels") && classes === IMAGENET_CLASSES) {
    try {
      model.setLabels((await describe(device, IMAGENET_LABELS, signal)).labels);
    } catch {
      // The model works with class numbers as labels; the next load tries again.
      signal.throwIfAborted();
    }
  }
  return assumed;
}
