import * as Comlink from "comlink";
import { fileAddress } from "../../files/address";
import { isCutShort } from "../../images/encoded";
import { aborted, isReplaced, ResNetError, toResNetError } from "../../protocol/errors";
import type { Wanted } from "../../protocol/messages";
import type {
  CachedWeights,
  Description,
  DevicePolicy,
  DeviceStatus,
  EvidenceFor,
  FeatureMap,
  ImageClassification,
  ImageInspection,
  LabelSource,
  LoadedModel,
  Progress,
  ThreadCount,
  WeightChoices,
  WeightOptions,
  WeightSource,
  WeightsPreview,
} from "../../protocol/types";
import { disposed, unlessAborted, unlessAnyAborted } from "../internal/abort";
import { checkDevice, checkFeatureMaps, checkThreads } from "../internal/arguments";
import { baseAddress } from "../internal/base-address";
import { decodedAnyhow } from "../internal/decode";
import { bitmapOf, type Drawable, fetchedImage, isAddress, ofOtherOrigin } from "../internal/image";
import { classifyWith, embedWith } from "../internal/image-calls";
import { recallSpeeds, speedsKey } from "../internal/speeds";
import { Retries } from "../internal/supervisor/retry";
import type { ModelRequest } from "../internal/supervisor/state";
import { type Place, Supervisor } from "../internal/supervisor/supervisor";
import { WeightStore } from "../internal/weight-store";
import { Workers } from "../internal/workers";
import { classifyEach, type Images, type ManyItem, type ManyOptions } from "./classify-many";
import {
  classifyFrames,
  type FrameSource,
  type StreamCounts,
  type StreamFrame,
  type StreamOptions,
} from "./classify-stream";
import type { ImageInput } from "./image-input";

/** How a {@link Classifier} is made. */
export interface ClassifierOptions extends WeightOptions {
  /**
   * A weight file or its address: safetensors, PyTorch's `.pth`, ONNX, or burnpack. Or the address of a manifest (`.json`) with
   * its `file`, `bytes` and `sha256`.
   */
  weights: WeightSource;
  /** Which device to run on; `"auto"` if left out. */
  device?: DevicePolicy;
  /** How many threads the CPU computes on, where it can: one for each processor if left out. */
  threads?: ThreadCount;
  /**
   * Whether both devices may be timed after the first image, where the device is left to the classifier and WebGPU works;
   * `true` if left out. It loads the model a second time for a moment. With `false`, WebGPU is used without that, unless an
   * earlier measurement is remembered by which the CPU is faster.
   */
  measure?: boolean;
  /**
   * The address of the folder with the package's workers and wasm modules, on your own server or on another: a copy of
   * `node_modules/resnet-web/package/resnet-web`. If it is left out, they are where a bundler has put them, as Vite and webpack
   * do, or in a folder `resnet-web` beside the script that contains the library.
   *
   * From another origin, such as a CDN, they have to be readable by CORS, and a Content-Security-Policy of the page has to
   * allow `worker-src blob:`.
   */
  assets?: string | URL;
  /** Called while weights are loaded. */
  onProgress?: (progress: Progress) => void;
  /** Called with the device in use, and again whenever another takes over. */
  onDevice?: (device: DeviceStatus) => void;
  /**
   * Called with the model whenever it has been loaded into another device, and with the previous model when that is back
   * after {@link ClassifierOptions.onModelCrash}.
   */
  onModel?: (model: LoadedModel) => void;
  /** Called when the model crashed the code and is not loaded any more. The previous model, if any, is loaded next. */
  onModelCrash?: (error: ResNetError) => void;
  /** Another classifier, whose weight files and downloads this one shares: what one has, the other does not fetch again. */
  sharesFilesWith?: Classifier;
  /** Cancels making it: the download stops, the worker ends, and the promise is rejected with `aborted`. */
  signal?: AbortSignal;
}

/** How weights are loaded. Its `signal` stops the download, unless another classifier waits for the same file. */
export type LoadOptions = Pick<ClassifierOptions, keyof WeightOptions | "onProgress" | "signal">;

/** How the device is chosen, and the listeners. */
export type DeviceOptions = Omit<ClassifierOptions, keyof WeightOptions | "weights" | "signal">;

/** How one image is classified. */
export interface ClassifyOptions {
  /** How many of the most probable classes to return, from 1 on; 5 by default. */
  top?: number;
  /**
   * The class whose evidence to return as well: where in the image it lies. It comes from the same run and costs next to
   * nothing. None by default.
   */
  evidence?: EvidenceFor;
  /** Whether to return the embedding as well: see {@link Classifier.embed}. It comes from the same run. `false` by default. */
  embedding?: boolean;
  /**
   * Cancels the call, which is rejected with `aborted` at once; the signal's reason is the error's cause. The work stops, too:
   * a call that waits never runs, an image that is being fetched is not fetched any further, a classification on the CPU ends
   * at the next layer or block of layers. What cannot be stopped is completed and dropped: the decoding of one image, an
   * inspection that computes, and a run on WebGPU, which is one submission of a few milliseconds.
   */
  signal?: AbortSignal;
}

/** How an image is embedded. */
export interface EmbedOptions extends Pick<ClassifyOptions, "signal"> {
  /**
   * Whether the embedding is divided by its length, so that the dot product of two is the cosine of the angle between them;
   * `false` if left out.
   */
  normalize?: boolean;
}

/** How an image is inspected. */
export type InspectOptions = Pick<ClassifyOptions, "signal">;

/** A call with an image into a worker. `call` is the id with which it can be cancelled. */
type ImageWork<T> = (
  place: Place,
  call: number,
  image: Blob | ImageBitmap,
  name: string,
) => Promise<T>;

/** Starts a worker, opens a device, loads weights. */
export async function createClassifier(options: ClassifierOptions): Promise<Classifier> {
  if (options.signal?.aborted) throw aborted(options.signal);
  const classifier = new Classifier(options);
  try {
    await classifier.load(options.weights, options);
    return classifier;
  } catch (thrown) {
    classifier.dispose();
    throw thrown;
  }
}

let lastId = 0;

/** An id for a load, or for a call with an image. */
function nextId(): number {
  lastId += 1;
  return lastId;
}

/**
 * A network in a worker of its own, which does all the heavy work.
 *
 * A model is in use only once it is built and its load has not been cancelled. Every result carries the id of the model
 * that it comes from.
 *
 * If the code there crashes, the worker is replaced by one on the CPU and the model is loaded again. If a model crashes the
 * CPU's code while it is built, or before it has classified an image, that model is not loaded again, and the previous model
 * is.
 *
 * If a load is cancelled while its network is being built, and that takes more than a second, the worker is terminated and
 * the previous model is loaded again in a new one.
 *
 * If the GPU's device is lost, the worker is replaced by one with another device, or with the CPU where that cannot be
 * had or is lost, too, before it has classified an image. If the GPU fails, the CPU takes over.
 *
 * In all these cases an image that was being classified, a file or anything else, is classified again by the new worker: once
 * after a crash or a failure, up to three times for other reasons. Other calls that were under way fail with
 * `runtime-crashed`, `runtime-replaced`, `device-lost` or `device-failed`; later ones work.
 *
 * Where the device is left to the classifier and WebGPU works, the first image is classified there. Then the model is
 * loaded on the CPU, too, and both are timed. The faster one is used from then on, and is remembered for this adapter and
 * weight file.
 */
export class Classifier {
  readonly #weights: WeightStore;
  readonly #supervisor: Supervisor;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  /** Is aborted when the classifier is disposed of. */
  readonly #over = new AbortController();

  /** Starts the worker and opens the device. Load weights next. */
  constructor(options: DeviceOptions = {}) {
    const {
      device = "auto",
      threads = "auto",
      measure = true,
      assets,
      onProgress,
      sharesFilesWith,
      ...listener
    } = options;
    checkDevice(device);
    checkThreads(threads);
    const workers = new Workers(assets);
    this.#onProgress = onProgress;
    this.#weights = new WeightStore(
      workers,
      sharesFilesWith ? sharesFilesWith.#weights : undefined,
    );
    this.#supervisor = new Supervisor(device, threads, measure, this.#weights, workers, listener);
  }

  /** The device in use, as soon as it is open. */
  get device(): Promise<DeviceStatus> {
    const device = this.#supervisor.device(nextId());
    // A caller who does not wait for it need not handle its failure.
    device.catch(() => {});
    return device;
  }

  /** The model that is loaded, if one is. */
  get model(): LoadedModel | undefined {
    return this.#supervisor.state.model;
  }

  /** Loads weights. If it fails or is cancelled, the previous model stays. A newer load cancels it. */
  async load(
    weights: WeightSource,
    { onProgress = this.#onProgress, signal, ...options }: LoadOptions = {},
  ): Promise<LoadedModel> {
    if (signal?.aborted) throw aborted(signal);
    const request = requestOf(weights, options);
    return unlessAborted(this.#supervisor.load(request, onProgress, signal), signal);
  }

  /** Reads a file that describes a model: labels, or a configuration of Hugging Face or timm. */
  async describe(file: LabelSource): Promise<Description> {
    const { connection } = await this.#supervisor.place(nextId(), "model");
    return connection.call((session) => session.describe(labelsOf(file)));
  }

  /** Renames the loaded model's classes. If it fails, the labels stay as they are. */
  async setLabels(labels: LabelSource): Promise<LoadedModel> {
    const source = labelsOf(labels);
    for (;;) {
      const { worker, connection } = await this.#supervisor.place(nextId(), "model");
      const id = this.#loadId;
      if (id === undefined) {
        throw new ResNetError("not-ready", "No model is loaded yet. Load weights first.");
      }
      const model = await connection.call((session) => session.setLabels(id, source));
      if (this.#loadId !== id) throw aborted();
      // The model has moved to another worker, which does not have the labels yet.
      if (worker !== this.#supervisor.state.worker) continue;
      this.#supervisor.dispatch({ type: "labelled", labels: source, model });
      return model;
    }
  }

  /**
   * Sets the number of threads, or as many of them as there can be; the status says how many. It has no effect on a GPU, but
   * on the CPU if that takes over.
   */
  async setThreads(count: ThreadCount): Promise<DeviceStatus> {
    checkThreads(count);
    this.#supervisor.dispatch({ type: "threads requested", threads: count });
    const { worker, connection } = await this.#supervisor.place(nextId(), "worker");
    const status = await connection.call((session) => session.setThreads(count));
    this.#supervisor.dispatch({ type: "threads set", worker, status });
    return status;
  }

  /**
   * Runs on another device from now on, or on the one that a measurement finds faster. The model is loaded into it first:
   * until then, and if that fails, everything stays as it is. A newer call cancels it.
   */
  async setDevice(policy: DevicePolicy): Promise<DeviceStatus> {
    checkDevice(policy);
    return this.#supervisor.setDevice(nextId(), policy);
  }

  /** Host and size of the weights at an address before they are downloaded. */
  async previewWeights(weights: string | URL): Promise<WeightsPreview> {
    const address = fileAddress(weights, baseAddress());
    return this.#weights.previewWeights(address);
  }

  /** How many weight files the browser keeps, and how large they are. */
  cachedWeights(): Promise<CachedWeights> {
    return this.#weights.cached();
  }

  /** Removes every weight file that the browser keeps. The loaded model stays. */
  clearCachedWeights(): Promise<void> {
    return this.#weights.clear();
  }

  /**
   * Classifies an image: a file, its address, or anything that can be drawn.
   *
   * Calls may overlap: two images are under way at a time, the others wait in order. Made while a model is loaded, a call
   * goes to the model that is in use, if there is one, and fails with `not-ready` otherwise.
   *
   * @throws ResNetError `aborted`, `not-ready`, `no-classes`, `image-decode`, `image-size` and others: see `ErrorCode`
   */
  classify(image: ImageInput, options: ClassifyOptions = {}): Promise<ImageClassification> {
    return classifyWith((...how) => this.#run(image, ...how), options);
  }

  /**
   * An image's embedding: the features that enter the head's layers. After an average pool that is one number for each channel of
   * the last stage, after fastai's two pools two, and one for each pixel of each channel where the head flattens. Images that look alike have embeddings with a small angle between them: by these one finds similar images,
   * sorts them, or teaches a computer new classes. A model without classes gives these alone.
   *
   * ```ts
   * const a = await classifier.embed(file, { normalize: true });
   * const b = await classifier.embed(image, { normalize: true });
   * const cosine = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
   * ```
   *
   * It takes as long as {@link Classifier.classify}, whose option `embedding` returns both.
   *
   * @throws ResNetError as {@link Classifier.classify} does
   */
  embed(image: ImageInput, options: EmbedOptions = {}): Promise<Float32Array> {
    return embedWith((...how) => this.#run(image, ...how), options);
  }

  /**
   * Classifies images one after the other, and yields each in its turn with its result or its error: one that fails does not
   * stop the others.
   *
   * ```ts
   * for await (const { image, result, error } of classifier.classifyMany(input.files ?? [])) {
   *   console.log(image.name, result?.top[0]?.label ?? error?.message);
   * }
   * ```
   *
   * No image is taken from a list or iterator before it is needed: `concurrency` images are under way or wait to be fetched
   * from here, no more. To leave the loop cancels those. When the signal is aborted, or the classifier is disposed of, the
   * loop ends with `aborted`.
   */
  classifyMany<Image extends ImageInput>(
    images: Images<Image>,
    options: ManyOptions = {},
  ): AsyncGenerator<ManyItem<Image>, void, undefined> {
    // A fake of it in `resnet-web/testing` has this method, too, and nothing private.
    const over = #over in this ? this.#over.signal : undefined;
    return classifyEach((image, each) => this.classify(image, each), images, options, over);
  }

  /**
   * Classifies what a video, a camera or another source of frames shows. The newest frame wins: one frame is classified at a
   * time, those that come meanwhile are skipped but for the last, and nothing queues.
   *
   * ```ts
   * const camera = await navigator.mediaDevices.getUserMedia({ video: true });
   * await classifier.classifyStream(camera, ({ top }) => show(top[0].label), { signal });
   * ```
   *
   * @returns the frames' counts, when the signal is aborted or the source has ended
   * @throws ResNetError the first error, unless `onError` is given; `aborted` when the classifier is disposed of
   */
  classifyStream(
    source: FrameSource,
    onResult: (result: ImageClassification, frame: StreamFrame) => void,
    options: StreamOptions = {},
  ): Promise<StreamCounts> {
    return classifyFrames(
      (image, each) => this.classify(image, each),
      source,
      onResult,
      options,
      this.#over.signal,
    );
  }

  /**
   * Runs the network on an image on the CPU and records every layer. {@link featureMaps} is about the last image that
   * was inspected, as long as its model is loaded. For a model on a GPU, the times of its layers there are returned as well.
   */
  async inspect(image: ImageInput, { signal }: InspectOptions = {}): Promise<ImageInspection> {
    const here = isAddress(image) ? await this.#fetched(image, signal) : image;
    return this.#withImage(here, signal, ({ connection }, call, sent, name) =>
      connection.call((session) => session.inspect(sent, name, call)),
    );
  }

  /**
   * Feature maps of the layer at this place of the inspection's layers, the one with the largest activation first: `count`
   * of them, beginning with number `from`.
   */
  async featureMaps(place: number, from: number, count: number): Promise<FeatureMap[]> {
    checkFeatureMaps(place, from, count);
    return this.#supervisor.connection.call((session) => session.featureMaps(place, from, count));
  }

  /**
   * Ends the workers, and downloads that no other classifier shares, and frees what they hold. Calls that are under way or
   * come later fail with `aborted`. What the browser keeps of weights stays. To call it again does nothing.
   */
  dispose(): void {
    const error = disposed();
    this.#supervisor.dispatch({ type: "disposed" });
    this.#weights.close(error);
    this.#over.abort(error);
  }

  /** The id of the model in use. */
  get #loadId(): number | undefined {
    return this.#supervisor.state.request?.load.id;
  }

  /** Runs the network on an image: a file, its address, or anything that can be drawn. */
  async #run(
    image: ImageInput,
    signal: AbortSignal | undefined,
    wanted: Wanted,
  ): Promise<ImageClassification> {
    const here = isAddress(image) ? await this.#fetched(image, signal) : image;
    const [answer, cutShort] = await Promise.all([
      this.#despiteTrouble(signal, () =>
        this.#withImage(here, signal, async ({ worker, connection }, call, sent, name) => {
          const answer = await connection.call((session) =>
            session.classify(sent, name, wanted, call),
          );
          this.#supervisor.dispatch({ type: "classified", worker, model: answer.model });
          return answer;
        }),
      ),
      // If the file cannot be read, the other call reports it.
      here instanceof Blob && isCutShort(here).catch(() => false),
    ]);
    return cutShort ? { ...answer, cutShort } : answer;
  }

  /** Makes a call again where its worker was replaced while it was under way, unless its model is to blame. */
  async #despiteTrouble<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    const retries = new Retries();
    for (;;) {
      const model = this.#loadId;
      try {
        return await call();
      } catch (thrown) {
        const { code } = toResNetError(thrown);
        const isSame = model === undefined || !this.#supervisor.state.culprits.has(model);
        const again = isReplaced(code) && isSame && !signal?.aborted && retries.mayRetry(code);
        if (!again) throw thrown;
      }
    }
  }

  /** The image at an address. It is not fetched any further when the classifier is disposed of. */
  #fetched(image: string | URL, signal: AbortSignal | undefined): Promise<Blob> {
    return unlessAnyAborted([signal, this.#over.signal], (any) => fetchedImage(image, any));
  }

  /** Makes a call with an image. A file is sent as it is, anything else as a bitmap of what it shows now. */
  async #withImage<T>(
    image: Blob | Drawable,
    signal: AbortSignal | undefined,
    work: ImageWork<T>,
  ): Promise<T> {
    for (const each of [signal, this.#over.signal]) if (each?.aborted) throw aborted(each);
    const name = image instanceof File ? image.name : "the image";
    const send = (sent: Blob | ImageBitmap) => this.#sendImage(sent, name, signal, work);
    return image instanceof Blob ? decodedAnyhow(image, send) : send(await bitmapOf(image));
  }

  async #sendImage<T>(
    image: Blob | ImageBitmap,
    name: string,
    signal: AbortSignal | undefined,
    work: ImageWork<T>,
  ): Promise<T> {
    const call = nextId();
    let place: Place;
    try {
      place = await this.#supervisor.place(call, "model", signal);
      if (signal?.aborted) throw aborted(signal);
    } catch (thrown) {
      if (!(image instanceof Blob)) image.close();
      throw thrown;
    }
    const { connection } = place;
    const sent = image instanceof Blob ? image : Comlink.transfer(image, [image]);
    const run = work(place, call, sent, name);
    // Nothing is sent to a worker that could not be started.
    if (connection.isClosed && !(image instanceof Blob)) image.close();
    const cancel = () => connection.send((session) => session.cancel(call));
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await unlessAborted(run, signal);
    } catch (thrown) {
      if (image instanceof Blob || !isUnsendable(thrown)) throw thrown;
      image.close();
      throw ofOtherOrigin(thrown);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }
}

/** Whether a bitmap was refused on its way to the worker, as one whose pixels the page may not read. */
function isUnsendable(thrown: unknown): boolean {
  const { cause } = toResNetError(thrown);
  return cause instanceof Error && cause.name === "DataCloneError";
}

/** A request as plain data for the worker, with absolute addresses, and the speeds that are remembered for its file. */
function requestOf(weights: WeightSource, options: WeightOptions): ModelRequest {
  const { labels, sha256, externalData = [] } = options;
  const choices = choicesOf(options);
  const isFile = weights instanceof File;
  const load = {
    id: nextId(),
    weights: weights instanceof Blob ? weights : fileAddress(weights, baseAddress()),
    choices: isFile ? { name: weights.name, ...choices } : choices,
    ...(externalData.length > 0 && {
      external: externalData.map((file) => ({ name: file.name, blob: file })),
    }),
    ...(labels !== undefined && { labels: labelsOf(labels) }),
    ...(sha256 !== undefined && { sha256 }),
  };
  return { load, speeds: recallSpeeds(speedsKey(load)) };
}

/** The names of all choices: only these reach the reader, which refuses others. */
const CHOICES: Record<keyof WeightChoices, true> = {
  name: true,
  strideOn: true,
  stemPool: true,
  shortcut: true,
  antiAliasing: true,
  otherNetwork: true,
  preprocessing: true,
  weightSet: true,
  arithmetic: true,
};

/** The choices among options, which may be those of {@link createClassifier}. */
function choicesOf(options: WeightOptions): WeightChoices {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in CHOICES && value !== undefined),
  );
}

function labelsOf(labels: LabelSource): string | Blob {
  if (labels instanceof Blob) return labels;
  if (typeof labels === "string" || labels instanceof URL) {
    return fileAddress(labels, baseAddress());
  }
  return new Blob([JSON.stringify(labels)]);
}
