import * as Comlink from "comlink";
import type { LoadRequest, Session } from "../worker/session";
import type { Settled } from "../worker/settled";
import type { CrashNotice } from "../worker/wasm";
import { ResNetError, toResNetError } from "./errors";
import type {
  CachedWeights,
  DevicePolicy,
  DeviceStatus,
  ImageClassification,
  LabelSource,
  LoadedModel,
  Progress,
  ThreadCount,
  WeightOptions,
  WeightSource,
} from "./types";

/** What can be classified. */
export type ImageInput =
  | Blob
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLVideoElement
  | HTMLCanvasElement
  | OffscreenCanvas;

/** How a {@link Classifier} is made. */
export interface ClassifierOptions extends WeightOptions {
  /**
   * A weight file or its address: safetensors, PyTorch's `.pth`, or burnpack. Or the address of a manifest (`.json`) with
   * its `file`, `bytes` and `sha256`.
   */
  weights: WeightSource;
  /** Which device to run on; `"auto"` if left out. */
  device?: DevicePolicy;
  /** How many threads the CPU computes on, where it can: one for each processor if left out. */
  threads?: ThreadCount;
  /** Called while weights are loaded. */
  onProgress?: (progress: Progress) => void;
  /** Called with the device in use, and again whenever another takes over. */
  onDevice?: (device: DeviceStatus) => void;
  /** Cancels making it. */
  signal?: AbortSignal;
}

/** How weights are loaded. */
export type LoadOptions = Omit<ClassifierOptions, "weights" | "device" | "threads" | "onDevice">;

/** How the device is chosen, and who hears of it. */
export type DeviceOptions = Pick<
  ClassifierOptions,
  "device" | "threads" | "onDevice" | "onProgress"
>;

/** How one picture is classified. */
export interface ClassifyOptions {
  /** How many of the most probable classes to tell: 5 if left out. */
  top?: number;
  /** Cancels the call. A run that has begun goes on to its end, unheard. */
  signal?: AbortSignal;
}

/** How often code that crashed is started anew before that is given up. */
const MOST_RESTARTS = 3;

/** Starts a worker, opens a device, loads weights. */
export async function createClassifier(options: ClassifierOptions): Promise<Classifier> {
  const classifier = new Classifier(options);
  try {
    await classifier.load(options.weights, options);
    return classifier;
  } catch (thrown) {
    classifier.dispose();
    throw thrown;
  }
}

/**
 * A network in a worker of its own. Everything heavy happens there.
 *
 * If the code there crashes, the worker is replaced by one on the CPU, the model is loaded again, and the call that
 * was under way fails with `runtime-crashed`; the next one works.
 */
export class Classifier {
  readonly #options: DeviceOptions;
  #connection: Connection;
  #device: Promise<DeviceStatus>;
  /** What the model was loaded from, to load it again after a crash. */
  #request: LoadRequest | undefined;
  #model: LoadedModel | undefined;
  /** As many as were asked for. */
  #threads: ThreadCount;
  #restarts = 0;
  /** The way back to the model after a crash, once there was one. */
  #recovery: Promise<LoadedModel> | undefined;
  /** Why there is no way back any more. */
  #givenUp: ResNetError | undefined;

  /** Starts the worker and opens the device. Load weights next. */
  constructor(options: DeviceOptions = {}) {
    this.#options = options;
    this.#connection = new Connection((message) => this.#recover(message));
    const policy = options.device ?? "auto";
    this.#threads = options.threads ?? "auto";
    const opening = this.#connection.call((session) => session.open(policy, this.#threads));
    this.#device = this.#tell(opening);
    // Whoever asks for the device hears of its failure; nobody has to.
    this.#device.catch(() => {});
  }

  /** The device in use, as soon as it is open. */
  get device(): Promise<DeviceStatus> {
    return this.#device;
  }

  /** The model that is loaded, if one is. */
  get model(): LoadedModel | undefined {
    return this.#model;
  }

  /** Loads weights. If it fails, the model that was loaded before stays. */
  async load(
    weights: WeightSource,
    { onProgress = this.#options.onProgress, signal, ...options }: LoadOptions = {},
  ): Promise<LoadedModel> {
    await this.#restarted();
    if (signal?.aborted) throw aborted();
    const request = requestOf(weights, options);
    const cancel = () => this.#connection.session.cancelLoad();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      const loading = this.#loadInto(this.#connection, request, onProgress).catch(
        async (thrown) => {
          // Weights that crash one device may do on the CPU, where the code has been started again.
          if (toResNetError(thrown).code !== "runtime-crashed") throw thrown;
          await this.#restarted();
          return this.#loadInto(this.#connection, request, onProgress);
        },
      );
      this.#model = await unlessAborted(loading, signal);
      this.#request = request;
      this.#recovery = undefined;
      return this.#model;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Gives the loaded model's classes other names. If it fails, those before stay. */
  async setLabels(labels: LabelSource): Promise<LoadedModel> {
    await this.#recovered();
    const source = labelsOf(labels);
    this.#model = await this.#connection.call((session) => session.setLabels(source));
    if (this.#request) this.#request = { ...this.#request, labels: source };
    return this.#model;
  }

  /**
   * Computes on so many threads from now on, or on as many of them as there can be: the status tells.
   * A GPU does not care, but the CPU will, should it take over.
   */
  async setThreads(count: ThreadCount): Promise<DeviceStatus> {
    await this.#restarted();
    this.#threads = count;
    const set = this.#connection.call((session) => session.setThreads(count));
    const status = await this.#tell(set);
    this.#device = Promise.resolve(status);
    return status;
  }

  /** How many weight files the browser keeps, and how large they are. */
  cachedWeights(): Promise<CachedWeights> {
    return this.#connection.call((session) => session.cachedWeights());
  }

  /** Removes every weight file that the browser keeps. The loaded model stays. */
  async clearCachedWeights(): Promise<void> {
    await this.#connection.call((session) => session.clearCachedWeights());
  }

  /** Classifies a picture: a file, or anything that can be drawn. */
  async classify(
    image: ImageInput,
    { top = 5, signal }: ClassifyOptions = {},
  ): Promise<ImageClassification> {
    await this.#recovered();
    const name = image instanceof File ? image.name : "the picture";
    const source = image instanceof Blob ? image : await createImageBitmap(image);
    const sent = source instanceof Blob ? source : Comlink.transfer(source, [source]);
    const run = this.#connection.call((session) => session.classify(sent, name, top));
    try {
      return await unlessAborted(run, signal);
    } catch (thrown) {
      const error = toResNetError(thrown);
      const failed = error.code === "device-failed" || error.code === "device-lost";
      if (!failed || (await this.#device).kind === "cpu") throw error;
      // A GPU that fails once is not asked again. A decoded picture went to the worker for good; a file is still here.
      this.#recover(error.message);
      if (!(source instanceof Blob)) throw error;
      return this.classify(source, { top, ...(signal && { signal }) });
    }
  }

  /** Makes the code in the worker crash, to try out what happens then. */
  crash(): void {
    // The worker dies of it, so whatever it answers is of no interest.
    this.#connection.session.crash().catch(() => {});
  }

  /** Ends the worker and frees what it holds. Calls that are under way fail with `aborted`. */
  dispose(): void {
    this.#connection.close(new ResNetError("aborted", "The classifier was disposed of."));
  }

  async #loadInto(
    connection: Connection,
    request: LoadRequest,
    onProgress: ((progress: Progress) => void) | undefined,
  ): Promise<LoadedModel> {
    // Progress comes by a way of its own, and the last of it after the outcome.
    let underWay = true;
    const heard = Comlink.proxy((progress: Progress) => {
      if (underWay) onProgress?.(progress);
    });
    try {
      const { model, device } = await connection.call((session) => session.load(request, heard));
      const before = await this.#device;
      if (device.kind !== before.kind) this.#device = this.#tell(Promise.resolve(device));
      return model;
    } finally {
      underWay = false;
    }
  }

  /** Passes the device on to whoever wants to know. */
  #tell(device: Promise<DeviceStatus>): Promise<DeviceStatus> {
    return device.then((status) => {
      this.#options.onDevice?.(status);
      return status;
    });
  }

  /** Waits until there is code to call; what model it has, if any, does not matter. */
  async #restarted(): Promise<void> {
    await this.#recovery?.catch(() => {});
    if (this.#givenUp) throw this.#givenUp;
  }

  /** Waits until the model is back after a crash. Where loading it again failed, it is tried once more. */
  async #recovered(): Promise<void> {
    const recovery = this.#recovery;
    await this.#restarted();
    await recovery?.catch(() => {
      if (this.#recovery === recovery) this.#reload();
      return this.#recovery;
    });
  }

  /** Loads the model that was there into the worker that has taken over. */
  #reload(): void {
    if (this.#request === undefined) return;
    this.#recovery = this.#loadInto(this.#connection, this.#request, undefined);
    // Whoever needs the model hears of the failure.
    this.#recovery.catch(() => {});
  }

  /** Replaces a worker whose code has died by one on the CPU, with the same model. */
  #recover(message: string): void {
    this.#restarts += 1;
    if (this.#restarts > MOST_RESTARTS) {
      this.#givenUp = new ResNetError(
        "runtime-given-up",
        `The code that runs the network stopped unexpectedly ${this.#restarts} times (${message}). Reload the page.`,
      );
      this.#connection.close(this.#givenUp);
      return;
    }
    const crash = new ResNetError(
      "runtime-crashed",
      `The code that runs the network stopped unexpectedly (${message}). It was started again on the CPU: try again.`,
    );
    this.#connection.close(crash);
    const connection = new Connection((next) => this.#recover(next));
    this.#connection = connection;
    const reopening = connection.call((session) => session.reopen(message, this.#threads));
    this.#device = this.#tell(reopening);
    this.#device.catch(() => {});
    this.#reload();
  }
}

/** A worker, and the calls into it: they all fail at once when it is closed. */
class Connection {
  readonly session: Comlink.Remote<Session>;
  readonly #worker: Worker;
  readonly #closed: Promise<never>;
  #fail: ((error: ResNetError) => void) | undefined;

  constructor(onCrash: (message: string) => void) {
    this.#worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
    this.session = Comlink.wrap<Session>(this.#worker);
    this.#closed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#closed.catch(() => {});
    // A panic is told twice, by the module and as the worker's error.
    const crashed = (message: string) => {
      if (this.#fail) onCrash(message);
    };
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Partial<CrashNotice>>) => {
      if (typeof data?.crashed === "string") crashed(data.crashed);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      crashed(event.message || "the worker could not be started");
    });
  }

  /** Calls into the worker. Comlink's own promises stay pending if the worker is gone; these do not. */
  async call<T>(work: (session: Comlink.Remote<Session>) => Promise<Settled<T>>): Promise<T> {
    const settled = await Promise.race([work(this.session), this.#closed]).catch((thrown) => {
      throw toResNetError(thrown);
    });
    if (settled.ok) return settled.value;
    throw new ResNetError(settled.error.code, settled.error.message);
  }

  /** Ends the worker; calls under way fail with `error`. */
  close(error: ResNetError): void {
    this.#worker.terminate();
    this.#fail?.(error);
    this.#fail = undefined;
  }
}

/** As plain data for the worker, addresses made whole. */
function requestOf(weights: WeightSource, options: WeightOptions): LoadRequest {
  const { labels, sha256, ...choices } = options;
  const isFile = weights instanceof File;
  return {
    weights: weights instanceof Blob ? weights : whole(weights),
    choices: isFile ? { name: weights.name, ...choices } : choices,
    ...(labels !== undefined && { labels: labelsOf(labels) }),
    ...(sha256 !== undefined && { sha256 }),
  };
}

function labelsOf(labels: LabelSource): string | Blob {
  if (labels instanceof Blob) return labels;
  if (typeof labels === "string" || labels instanceof URL) return whole(labels);
  return new Blob([JSON.stringify(labels)]);
}

function whole(address: string | URL): string {
  return new URL(address, document.baseURI).href;
}

function aborted(): ResNetError {
  return new ResNetError("aborted", "The call was cancelled.");
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  // Work that goes on unheard may fail unheard, too.
  work.catch(() => {});
  let abort = () => {};
  const cancelled = new Promise<never>((_, reject) => {
    abort = () => reject(aborted());
  });
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
