import * as Comlink from "comlink";
import { ResNetError, toResNetError } from "../../protocol/errors";
import type { Settled, Wanted } from "../../protocol/messages";
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
import { disposed, unlessAnyAborted } from "../internal/abort";
import { checkFeatureMaps, checkThreads } from "../internal/arguments";
import { classifyWith, embedWith } from "../internal/image-calls";
import type { ClassifyOptions, EmbedOptions, InspectOptions } from "../public/classifier";
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
  /** The device of {@link #worker}. */
  #opened: Promise<DeviceStatus> | undefined;
  #inUse: InUse | undefined;
  /** The worker that has the model in use. */
  #home: EngineWorker | undefined;
  #load: AbortController | undefined;
  /** The last build of a model, which goes on for a moment after it is cancelled. */
  #lastBuild: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #crashes = 0;
  /** Is aborted when the classifier is disposed of. */
  readonly #over = new AbortController();

  /** Starts nothing yet. Load weights next. */
  constructor({ threads = "auto" }: Pick<ClassifierOptions, "threads"> = {}) {
    checkThreads(threads);
    this.#threads = threads;
  }

  /** The device in use, always the CPU, with its number of threads. */
  get device(): Promise<DeviceStatus> {
    const device = this.#start().then(({ device }) => device);
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
    return this.#cancellable([signal, load.signal], async (any) => {
      // The previous model is not needed for it, and may be gone.
      const { worker } = await this.#start();
      const labels = labelSource === undefined ? undefined : await labelBytes(labelSource, any);
      const weights = await localWeights(source, { sha256, onProgress, signal: any });
      const choices = { ...(weights.name && { name: weights.name }), ...given };
      const id = this.#nextId();
      try {
        return await this.#inTurn(async () => {
          any.throwIfAborted();
          const model = await this.#build(worker, id, { weights, labels, choices }, any);
          const previous = this.#inUse;
          this.#inUse = { model, weights, labels, choices };
          this.#home = worker;
          this.#crashes = 0;
          await previous?.weights.remove();
          return model;
        });
      } catch (thrown) {
        await weights.remove();
        throw thrown;
      }
    });
  }

  /** Classifies an image. */
  classify(image: NodeImageInput, options: ClassifyOptions = {}): Promise<ImageClassification> {
    return classifyWith((...how) => this.#run(image, ...how), options);
  }

  /**
   * The image's embedding: the features that the classes are computed from, after the average pool. Images that look alike have
   * embeddings with a small angle between them. A model without classes gives these alone.
   */
  embed(image: NodeImageInput, options: EmbedOptions = {}): Promise<Float32Array> {
    return embedWith((...how) => this.#run(image, ...how), options);
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
    return classifyEach<Image>(
      (image, each) => this.classify(image, each),
      images,
      options,
      this.#over.signal,
    );
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
    checkFeatureMaps(place, from, count);
    const worker = await this.#place();
    return worker.call((engine) => engine.featureMaps(place, from, count));
  }

  /** Reads a file that describes a model: labels, or a configuration of Hugging Face or timm. */
  async describe(file: NodeLabelSource): Promise<Description> {
    return this.#cancellable([], async (any) => {
      const bytes = await labelBytes(file, any);
      const { worker } = await this.#start();
      return worker.call((engine) => engine.describe(bytes));
    });
  }

  /** Renames the loaded model's classes. If it fails, the labels stay as they are. */
  async setLabels(labels: NodeLabelSource): Promise<LoadedModel> {
    return this.#cancellable([], async (any) => {
      const bytes = await labelBytes(labels, any);
      const worker = await this.#place();
      const inUse = this.#ready();
      const model = await worker.call((engine) => engine.setLabels(inUse.model.id, bytes));
      if (this.#inUse === inUse) this.#inUse = { ...inUse, model, labels: bytes };
      return model;
    });
  }

  /** Sets the number of threads, or as many of them as there can be; the status says how many. */
  async setThreads(count: ThreadCount): Promise<DeviceStatus> {
    checkThreads(count);
    this.#threads = count;
    const { worker } = await this.#start();
    const status = await worker.call((engine) => engine.setThreads(count));
    if (this.#worker === worker) this.#opened = Promise.resolve(status);
    return status;
  }

  /** Ends the worker and frees what it holds. Calls that are under way or come later fail with `aborted`. */
  dispose(): void {
    const error = disposed();
    this.#over.abort(error);
    this.#worker?.close(error);
    void this.#inUse?.weights.remove();
    this.#inUse = undefined;
  }

  /** The worker, with the model in use. */
  async #place(): Promise<EngineWorker> {
    const { worker } = await this.#start();
    if (this.#home !== worker) await this.#inTurn(() => this.#restore(worker));
    return worker;
  }

  /** Builds the model in use in a worker that does not have it. */
  async #restore(worker: EngineWorker): Promise<void> {
    if (!this.#inUse || this.#home === worker) return;
    await this.#build(worker, this.#inUse.model.id, this.#inUse, this.#over.signal);
    this.#home = worker;
  }

  /** Does `build` when the one before is done: the engine builds one model at a time. */
  #inTurn<T>(build: () => Promise<T>): Promise<T> {
    const turn = this.#lastBuild.then(build);
    this.#lastBuild = turn.catch(() => {});
    return turn;
  }

  /** The worker, with a device: started if there is none, or if the one before has ended. */
  async #start(): Promise<{ worker: EngineWorker; device: DeviceStatus }> {
    if (this.#over.signal.aborted) throw disposed();
    if (!this.#worker || this.#worker.hasEnded) {
      if (this.#crashes > MOST_CRASHES) {
        throw new ResNetError(
          "runtime-given-up",
          "The code that runs the network stopped too often to be started again. Load another model, or create another classifier.",
        );
      }
      this.#crashes += this.#worker ? 1 : 0;
      this.#worker = new EngineWorker();
      this.#opened = undefined;
    }
    const worker = this.#worker;
    this.#opened ??= worker.call((engine) => engine.open(this.#threads));
    const opened = this.#opened;
    try {
      return { worker, device: await opened };
    } catch (thrown) {
      // The next call tries it again.
      if (this.#opened === opened) this.#opened = undefined;
      throw thrown;
    }
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
      const { location, beside, external } = weights;
      const files = { weights: location, beside, external };
      const request = { id, ...files, choices, ...(labels && { labels }) };
      const model = await worker.call((engine) => engine.load(request));
      signal.throwIfAborted();
      await worker.call((engine) => engine.commit(id));
      return model;
    } finally {
      signal.removeEventListener("abort", drop);
    }
  }

  /** Runs the network on an image. */
  #run(
    image: NodeImageInput,
    signal: AbortSignal | undefined,
    wanted: Wanted,
  ): Promise<ImageClassification> {
    return this.#withImage(image, signal, (engine, { image, transfer, name }, call) =>
      engine.classify(Comlink.transfer(image, transfer), name, wanted, call),
    );
  }

  async #withImage<T>(
    input: NodeImageInput,
    signal: AbortSignal | undefined,
    work: (engine: Comlink.Remote<Engine>, image: ImageToSend, call: number) => Promise<Settled<T>>,
  ): Promise<T> {
    return this.#cancellable([signal], async (any) => {
      this.#ready();
      const image = await imageToSend(input, any);
      const worker = await this.#place();
      any.throwIfAborted();
      const call = this.#nextId();
      any.addEventListener("abort", () => worker.cancel(call), { once: true });
      const answer = await worker.call((engine) => work(engine, image, call));
      this.#crashes = 0;
      return answer;
    });
  }

  /**
   * Does `work`; fails with `aborted` as soon as one of these signals is aborted or the classifier is disposed of, and with the
   * library's errors in any case.
   */
  async #cancellable<T>(
    signals: readonly (AbortSignal | undefined)[],
    work: (any: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await unlessAnyAborted([...signals, this.#over.signal], work);
    } catch (thrown) {
      throw toResNetError(thrown);
    }
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
