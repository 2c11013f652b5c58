import * as Comlink from "comlink";
import { aborted, ResNetError, toResNetError } from "../../protocol/errors";
import type { Settled } from "../../protocol/messages";
import type {
  Description,
  DeviceStatus,
  FeatureMap,
  ImageClassification,
  ImageInspection,
  LoadedModel,
  Progress,
  ThreadCount,
  WeightChoices,
} from "../../protocol/types";
import { unlessAborted } from "../internal/abort";
import type { ClassifyOptions, InspectOptions } from "../public/classifier";
import {
  classifyEach,
  type Images,
  type ManyItem,
  type ManyOptions,
} from "../public/classify-many";
import type { Engine } from "./engine/engine";
import { EngineWorker } from "./engine-worker";
import { type ImageToSend, imageToSend, type NodeImageInput } from "./image-input";
import { type LocalWeights, localWeights, type NodeWeightSource, smallFile } from "./weight-file";

/** Labels in the order of the logits; or a file of them: its path, address or bytes. A model's `config.json` will do, too. */
export type NodeLabelSource = readonly string[] | string | URL | Uint8Array | ArrayBuffer | Blob;

/** How weights are loaded. */
export interface LoadOptions extends WeightChoices {
  /** What the classes are called. By default ImageNet's names for a network of 1000 classes. */
  labels?: NodeLabelSource;
  /** The file's SHA-256 in hexadecimal digits; a file with another one is refused with `weights-checksum`. */
  sha256?: string;
  /** Called while weights are downloaded. */
  onProgress?: (progress: Progress) => void;
  /** Cancels the load, which fails with `aborted`. The previous model stays. */
  signal?: AbortSignal;
}

/** How a {@link Classifier} is made. */
export interface ClassifierOptions extends LoadOptions {
  /** A weight file or a manifest. */
  weights: NodeWeightSource;
  /** On how many threads to compute: one for each processor, 8 at most, if left out. */
  threads?: ThreadCount;
}

/** A model that is in use, and what it was loaded from. */
interface InUse {
  model: LoadedModel;
  weights: LocalWeights;
  labels: Uint8Array<ArrayBuffer> | undefined;
  choices: WeightChoices;
}

/** How often in a row the engine may end before a call succeeds. */
const MOST_CRASHES = 3;

/**
 * Starts a worker and loads weights.
 *
 * @throws ResNetError as {@link Classifier.load} does
 */
export async function createClassifier(options: ClassifierOptions): Promise<Classifier> {
  const { weights, threads = "auto", ...load } = options;
  const classifier = new Classifier({ threads });
  try {
    await classifier.load(weights, load);
    return classifier;
  } catch (thrown) {
    classifier.dispose();
    throw thrown;
  }
}

/**
 * A network on the CPU, in a worker thread of its own: the caller's event loop goes on while it computes. It does not keep the
 * process alive when no call is under way.
 *
 * If the code there crashes, the calls under way fail with `runtime-crashed`, and the next one starts it again with the same
 * model. Calls that come after {@link dispose}, or are under way then, fail with `aborted`.
 */
export class Classifier {
  #threads: ThreadCount;
  #worker: EngineWorker | undefined;
  /** The device of {@link #worker}, with the model in use. */
  #opened: Promise<DeviceStatus> | undefined;
  #inUse: InUse | undefined;
  #load: AbortController | undefined;
  /** The last load, which goes on for a moment after it is cancelled. */
  #underWay: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #crashes = 0;
  #isDisposed = false;

  /** Starts nothing yet. Load weights next. */
  constructor({ threads = "auto" }: Pick<ClassifierOptions, "threads"> = {}) {
    this.#threads = threads;
  }

  /** The device in use, always the CPU, with its number of threads. */
  get device(): Promise<DeviceStatus> {
    const device = this.#place().then(({ device }) => device);
    // A caller who does not wait for it need not handle its failure.
    device.catch(() => {});
    return device;
  }

  /** The model that is loaded, if one is. */
  get model(): LoadedModel | undefined {
    return this.#inUse?.model;
  }

  /**
   * Loads weights. If it fails or is cancelled, the previous model stays in use. A newer load cancels it.
   *
   * @throws ResNetError `weights-…` if the file cannot be had or used, `labels`, `aborted`
   */
  async load(source: NodeWeightSource, options: LoadOptions = {}): Promise<LoadedModel> {
    const { labels: labelSource, sha256, onProgress, signal, ...given } = options;
    if (this.#crashes > MOST_CRASHES) this.#forget();
    this.#load?.abort();
    const load = new AbortController();
    this.#load = load;
    const either = signal ? AbortSignal.any([signal, load.signal]) : load.signal;
    const before = this.#underWay;
    const work = async () => {
      // The engine builds one model at a time.
      await before.catch(() => {});
      either.throwIfAborted();
      const { worker } = await this.#place();
      const labels = labelSource === undefined ? undefined : await labelBytes(labelSource, either);
      const weights = await localWeights(source, { sha256, onProgress, signal: either });
      const choices = { ...(weights.name && { name: weights.name }), ...given };
      const id = this.#nextId();
      try {
        const model = await this.#build(worker, id, { weights, labels, choices }, either);
        const previous = this.#inUse;
        this.#inUse = { model, weights, labels, choices };
        this.#crashes = 0;
        await previous?.weights.remove();
        return model;
      } catch (thrown) {
        await weights.remove();
        throw thrown;
      }
    };
    return cancellable(either, () => {
      const loading = work();
      this.#underWay = loading;
      return loading;
    });
  }

  /** Classifies an image. */
  async classify(
    image: NodeImageInput,
    { top = 5, evidence, signal }: ClassifyOptions = {},
  ): Promise<ImageClassification> {
    // wasm would convert any other number to an index.
    if (typeof evidence === "number" && !(Number.isInteger(evidence) && evidence >= 0)) {
      throw new ResNetError(
        "class-index",
        `Class index ${evidence} is not an integer from 0 on. Pass the index of a class.`,
      );
    }
    return this.#withImage(image, signal, (engine, { image, transfer, name }, call) =>
      engine.classify(Comlink.transfer(image, transfer), name, top, evidence, call),
    );
  }

  /**
   * Classifies images one after the other, each item as soon as it is there, in their order. An image that fails is an item
   * with its error, and the others go on.
   *
   * ```ts
   * for await (const { image, result, error } of classifier.classifyMany(paths)) {
   *   console.log(image, result?.top[0]?.label ?? error?.message);
   * }
   * ```
   */
  classifyMany<Image extends NodeImageInput>(
    images: Images<Image>,
    options: ManyOptions = {},
  ): AsyncGenerator<ManyItem<Image>, void, undefined> {
    return classifyEach<Image>((image, each) => this.classify(image, each), images, options);
  }

  /** Runs the network on an image and records every layer. {@link featureMaps} is about the last image that was inspected. */
  inspect(image: NodeImageInput, { signal }: InspectOptions = {}): Promise<ImageInspection> {
    return this.#withImage(image, signal, (engine, { image, transfer, name }, call) =>
      engine.inspect(Comlink.transfer(image, transfer), name, call),
    );
  }

  /**
   * Feature maps of the layer at this place of the inspection's layers, the one with the largest activation first: `count`
   * of them, beginning with number `from`.
   */
  async featureMaps(place: number, from: number, count: number): Promise<FeatureMap[]> {
    const { worker } = await this.#place();
    return worker.call((engine) => engine.featureMaps(place, from, count));
  }

  /** Reads a file that describes a model: labels, or a configuration of Hugging Face or timm. */
  async describe(file: NodeLabelSource): Promise<Description> {
    const bytes = await labelBytes(file);
    const { worker } = await this.#place();
    return worker.call((engine) => engine.describe(bytes));
  }

  /** Renames the loaded model's classes. If it fails, the labels stay as they are. */
  async setLabels(labels: NodeLabelSource): Promise<LoadedModel> {
    const bytes = await labelBytes(labels);
    const { worker } = await this.#place();
    const inUse = this.#ready();
    const model = await worker.call((engine) => engine.setLabels(inUse.model.id, bytes));
    if (this.#inUse === inUse) this.#inUse = { ...inUse, model, labels: bytes };
    return model;
  }

  /** Sets the number of threads, or as many of them as there can be; the status says how many. */
  async setThreads(count: ThreadCount): Promise<DeviceStatus> {
    this.#threads = count;
    const { worker } = await this.#place();
    const status = await worker.call((engine) => engine.setThreads(count));
    this.#opened = Promise.resolve(status);
    return status;
  }

  /** Ends the worker and frees what it holds. Calls that are under way or come later fail with `aborted`. */
  dispose(): void {
    this.#isDisposed = true;
    this.#load?.abort();
    this.#worker?.close(disposed());
    void this.#inUse?.weights.remove();
    this.#inUse = undefined;
  }

  /** The worker, with a device and the model in use: started if there is none, or if the one before has ended. */
  async #place(): Promise<{ worker: EngineWorker; device: DeviceStatus }> {
    if (this.#isDisposed) throw disposed();
    if (!this.#worker || this.#worker.hasEnded) {
      if (this.#crashes > MOST_CRASHES) {
        throw new ResNetError(
          "runtime-given-up",
          "The code that runs the network stopped too often to be started again. Load another model, or create another classifier.",
        );
      }
      this.#crashes += this.#worker ? 1 : 0;
      const worker = new EngineWorker();
      this.#worker = worker;
      this.#opened = this.#open(worker);
      this.#opened.catch(() => {});
    }
    const worker = this.#worker;
    const device = await this.#opened;
    if (!device) throw new Error("A worker was started without a device.");
    return { worker, device };
  }

  async #open(worker: EngineWorker): Promise<DeviceStatus> {
    const device = await worker.call((engine) => engine.open(this.#threads));
    const { signal } = new AbortController();
    if (this.#inUse) await this.#build(worker, this.#inUse.model.id, this.#inUse, signal);
    return device;
  }

  /** Builds a model in a worker and puts it in use there, unless the load is cancelled before. */
  async #build(
    worker: EngineWorker,
    id: number,
    { weights, labels, choices }: Omit<InUse, "model">,
    signal: AbortSignal,
  ): Promise<LoadedModel> {
    const drop = () => void worker.call((engine) => engine.drop(id)).catch(() => {});
    signal.addEventListener("abort", drop, { once: true });
    try {
      const request = { id, weights: weights.location, choices, ...(labels && { labels }) };
      const model = await worker.call((engine) => engine.load(request));
      signal.throwIfAborted();
      await worker.call((engine) => engine.commit(id));
      return model;
    } finally {
      signal.removeEventListener("abort", drop);
    }
  }

  async #withImage<T>(
    input: NodeImageInput,
    signal: AbortSignal | undefined,
    work: (engine: Comlink.Remote<Engine>, image: ImageToSend, call: number) => Promise<Settled<T>>,
  ): Promise<T> {
    return cancellable(signal, async () => {
      if (!this.#isDisposed) this.#ready();
      const image = await imageToSend(input, signal);
      const { worker } = await this.#place();
      signal?.throwIfAborted();
      const call = this.#nextId();
      const cancel = () => worker.cancel(call);
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        const answer = await worker.call((engine) => work(engine, image, call));
        this.#crashes = 0;
        return answer;
      } finally {
        signal?.removeEventListener("abort", cancel);
      }
    });
  }

  /** Gives the model up with which the code stopped too often, so that another one can be loaded. */
  #forget(): void {
    void this.#inUse?.weights.remove();
    this.#inUse = undefined;
    this.#crashes = 0;
  }

  #ready(): InUse {
    if (this.#inUse) return this.#inUse;
    throw new ResNetError("not-ready", "No model is loaded yet. Load weights first.");
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** Does `work`; fails with `aborted` as soon as the signal is aborted, and with the library's errors in any case. */
async function cancellable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal?.aborted) throw aborted(signal);
  try {
    return await unlessAborted(work(), signal);
  } catch (thrown) {
    throw toResNetError(thrown);
  }
}

/** The bytes of a file of labels, or of such a file made of a list. */
async function labelBytes(
  labels: NodeLabelSource,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const isList = Array.isArray as (value: unknown) => value is readonly string[];
  return isList(labels)
    ? new TextEncoder().encode(JSON.stringify(labels))
    : smallFile(labels, signal);
}

function disposed(): ResNetError {
  return new ResNetError("aborted", "The classifier was disposed of.");
}
