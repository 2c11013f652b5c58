import {
  Classifier,
  type ClassifierOptions,
  type ClassifyOptions,
  type createClassifier,
  type DeviceStatus,
  type EmbedOptions,
  type ImageClassification,
  type ImageInput,
  type ImageInspection,
  type LoadedModel,
  type Prediction,
  ResNetError,
} from "resnet-web";
import { Calls } from "../internal/calls";
import { cpuStatus, loadedModel } from "./fake-values";

/**
 * What a fake classifier answers for an image: the label of the only class that it sees, its predictions, parts of a result, or an
 * error to fail with.
 */
export type FakeAnswer = string | readonly Prediction[] | Partial<ImageClassification> | Error;

/** How a fake classifier behaves. */
export interface FakeOptions {
  /** What it answers for every image, or for each; `"cat"` if left out. */
  answer?:
    | FakeAnswer
    | ((image: ImageInput, options: ClassifyOptions) => FakeAnswer | Promise<FakeAnswer>);
  /** Parts of the model that it says is loaded. */
  model?: Partial<LoadedModel>;
  /** Parts of the device that it says is in use. */
  device?: Partial<DeviceStatus>;
  /** Makes {@link fakeCreateClassifier} and {@link Classifier.load} fail with this. */
  loadError?: Error;
}

/** A call of `classify`, directly or by `classifyMany` and `classifyStream`, or of `embed` or `inspect`. */
export interface FakeCall {
  /** The image that was passed. */
  image: ImageInput;
  /** The options that were passed. */
  options: ClassifyOptions & EmbedOptions;
}

/** A classifier for tests, and what was asked of it. */
export interface FakeClassifier extends Classifier {
  /** The calls with an image, in order. */
  readonly calls: readonly FakeCall[];
  /** Whether `dispose` has been called. */
  readonly isDisposed: boolean;
}

/** A classifier with a model loaded. */
export function createFakeClassifier(options: FakeOptions = {}): FakeClassifier {
  // The real class has private parts, which nothing outside of it can have.
  return new Fake(options, {}) as unknown as FakeClassifier;
}

/**
 * Makes what a test puts in the place of `createClassifier`. It reports progress, device and model to the listeners that it is
 * given, as the real one does. Nothing crashes here: `onModelCrash` is never called.
 */
export function fakeCreateClassifier(options: FakeOptions = {}): typeof createClassifier {
  return async (given: ClassifierOptions) => {
    const fake = new Fake(options, given);
    await fake.load(given.weights, given);
    return fake as unknown as Classifier;
  };
}

/** The public part of the real class: what it gains, this has to have. */
class Fake implements Pick<Classifier, keyof Classifier> {
  readonly calls: FakeCall[] = [];
  readonly #underWay = new Calls();
  model: LoadedModel | undefined;
  readonly #options: FakeOptions;
  readonly #listener: Partial<ClassifierOptions>;
  #device: DeviceStatus;

  constructor(options: FakeOptions, listener: Partial<ClassifierOptions>) {
    this.#options = options;
    this.#listener = listener;
    this.#device = { ...cpuStatus(), ...options.device };
    this.model = { ...loadedModel(), ...options.model };
    // As the real one does, after the caller has it.
    queueMicrotask(() => listener.onDevice?.(this.#device));
  }

  get isDisposed(): boolean {
    return this.#underWay.haveEnded;
  }

  get device(): Promise<DeviceStatus> {
    return this.#unlessDisposed(() => this.#device);
  }

  load: Classifier["load"] = (_, { onProgress = this.#listener.onProgress, signal } = {}) =>
    this.#unlessDisposed(() => {
      if (signal?.aborted) throw aborted(signal);
      if (this.#options.loadError) throw this.#options.loadError;
      const { bytes } = loadedModel();
      onProgress?.({ loaded: bytes, total: bytes, cached: false });
      return this.#uses({ ...loadedModel(), ...this.#options.model });
    });

  classify: Classifier["classify"] = (image, options = {}) =>
    this.#unlessDisposed(() => this.#answered(image, options, options.top ?? 5));

  /** What the test's answer has as its embedding, otherwise one number. */
  embed: Classifier["embed"] = (image, options = {}) =>
    this.#unlessDisposed(async () => {
      const { embedding = new Float32Array([1]) } = await this.#answered(image, options, 0);
      return embedding;
    });

  /** The real one, which uses nothing but `classify` of this one. */
  classifyMany: Classifier["classifyMany"] = Classifier.prototype.classifyMany;

  /** Classifies the source itself, once: tests have no frames. */
  classifyStream: Classifier["classifyStream"] = async (source, onResult, options = {}) => {
    const { evidence, onError, signal, ...rest } = options;
    const counts = { frames: 1, classified: 0, failed: 0 };
    if (signal?.aborted) return { ...counts, frames: 0 };
    try {
      const whose = typeof evidence === "function" ? evidence() : evidence;
      const result = await this.classify(source as ImageInput, {
        ...rest,
        ...(whose !== undefined && { evidence: whose }),
        ...(signal && { signal }),
      });
      onResult(result, { capturedAt: performance.now() });
      counts.classified = 1;
    } catch (thrown) {
      if (signal?.aborted) return counts;
      if (!onError || !(thrown instanceof ResNetError)) throw thrown;
      counts.failed = 1;
      onError(thrown);
    }
    return counts;
  };

  inspect: Classifier["inspect"] = (image, { signal } = {}) =>
    this.#unlessDisposed((): ImageInspection => {
      if (signal?.aborted) throw aborted(signal);
      this.calls.push({ image, options: { ...(signal && { signal }) } });
      return { model: this.#loaded.id, layers: [], width: 224, height: 224 };
    });

  featureMaps: Classifier["featureMaps"] = () => this.#unlessDisposed(() => []);

  describe: Classifier["describe"] = () =>
    this.#unlessDisposed(() => {
      throw new ResNetError(
        "labels",
        "A fake classifier reads no files. Mock `describe` if your test needs it.",
      );
    });

  setLabels: Classifier["setLabels"] = (labels) =>
    this.#unlessDisposed(() => {
      const model = this.#loaded;
      if (Array.isArray(labels)) {
        this.model = { ...model, info: { ...model.info, labels: [...labels] } };
      }
      return this.#loaded;
    });

  setThreads: Classifier["setThreads"] = (threads) =>
    this.#unlessDisposed(() => {
      const count = threads === "auto" ? 1 : threads;
      this.#device = { ...this.#device, threads: { count, most: Math.max(count, 1) } };
      return this.#device;
    });

  setDevice: Classifier["setDevice"] = (policy) =>
    this.#unlessDisposed(() => {
      const kind = policy === "webgpu" ? "webgpu" : "cpu";
      this.#device = { ...this.#device, kind, reason: `${kind}-requested` };
      this.#listener.onDevice?.(this.#device);
      if (this.model) this.#uses(this.model);
      return this.#device;
    });

  previewWeights: Classifier["previewWeights"] = (weights) =>
    this.#unlessDisposed(() => {
      const { host } = new URL(weights, "https://localhost/");
      return { host, bytes: loadedModel().bytes, kept: false };
    });

  cachedWeights: Classifier["cachedWeights"] = () =>
    this.#unlessDisposed(() => ({ files: 0, bytes: 0 }));

  clearCachedWeights: Classifier["clearCachedWeights"] = () => this.#unlessDisposed(() => {});

  dispose(): void {
    this.#underWay.end(new ResNetError("aborted", "The classifier was disposed of."));
    this.model = undefined;
  }

  get #loaded(): LoadedModel {
    if (this.model) return this.model;
    throw new ResNetError("not-ready", "No model is loaded yet. Load weights first.");
  }

  /** Uses a model from now on. */
  #uses(model: LoadedModel): LoadedModel {
    this.model = model;
    this.#listener.onModel?.(model);
    return model;
  }

  #unlessDisposed<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#underWay.make(async () => work());
  }

  async #answered(
    image: ImageInput,
    options: ClassifyOptions & EmbedOptions,
    top: number,
  ): Promise<ImageClassification> {
    const { signal } = options;
    if (signal?.aborted) throw aborted(signal);
    this.calls.push({ image, options });
    const { answer = "cat" } = this.#options;
    const given =
      typeof answer === "function"
        ? await unlessAborted(signal, async () => answer(image, options))
        : answer;
    if (given instanceof Error) throw given;
    return this.#classification(given, top);
  }

  #classification(answer: Exclude<FakeAnswer, Error>, top: number): ImageClassification {
    const parts = partsOf(answer, this.#loaded.info.labels);
    return {
      model: this.#loaded.id,
      width: 224,
      height: 224,
      decodeMilliseconds: 1,
      preprocessMilliseconds: 1,
      networkMilliseconds: 1,
      ...parts,
      top: (parts.top ?? []).slice(0, top),
    };
  }
}

/** A short answer as parts of a result. */
function partsOf(
  answer: Exclude<FakeAnswer, Error>,
  labels: readonly string[],
): Partial<ImageClassification> {
  if (typeof answer === "string") {
    const index = Math.max(0, labels.indexOf(answer));
    return { top: [{ index, label: answer, probability: 1 }] };
  }
  return isList(answer) ? { top: [...answer] } : answer;
}

function isList(
  answer: readonly Prediction[] | Partial<ImageClassification>,
): answer is readonly Prediction[] {
  return Array.isArray(answer);
}

/** Does `work`; fails with `aborted` as soon as the signal is aborted. */
async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (!signal) return work();
  const calls = new Calls();
  const abort = () => calls.end(aborted(signal));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await calls.make(work);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The library's own function is of no use here: its error would be of another class than that of the package's main entry. */
function aborted(signal: AbortSignal): ResNetError {
  return new ResNetError("aborted", "The call was cancelled.", { cause: signal.reason });
}
