import * as Comlink from "comlink";
import type { GpuNotice } from "../worker/gpu-watch";
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

/** What is said of a call that was under way. */
const TROUBLES: Record<Trouble["code"], (message: string) => string> = {
  "runtime-crashed": (message) =>
    `The code that runs the network stopped unexpectedly (${message}). It was started again on the CPU: try again.`,
  "device-lost": (message) => `${message} Another one, or the CPU, takes its place: try again.`,
  "device-failed": (message) => `${message} The CPU has taken over: try again.`,
};

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

/** Why a worker has to be replaced. */
interface Trouble {
  code: "runtime-crashed" | "device-lost" | "device-failed";
  /** What happened, in the words of whoever noticed it. */
  message: string;
}

/**
 * A network in a worker of its own. Everything heavy happens there.
 *
 * If the code there crashes, the worker is replaced by one on the CPU, the model is loaded again, and the call that
 * was under way fails with `runtime-crashed`; the next one works.
 *
 * If the GPU's device is lost, the worker is replaced by one with another device, or with the CPU where that cannot be
 * had or is lost, too, before it has classified a picture. If the GPU fails, the CPU takes over. In both cases a file
 * that was being classified is classified anew; other calls fail with `device-lost` or `device-failed`, and the next
 * ones work.
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
  /** The worker whose GPU came in a lost one's place, until it has classified a picture. */
  #unproven: Connection | undefined;
  /** The way back to the model after a crash, once there was one. */
  #recovery: Promise<LoadedModel> | undefined;
  /** Why there is no way back any more. */
  #givenUp: ResNetError | undefined;

  /** Starts the worker and opens the device. Load weights next. */
  constructor(options: DeviceOptions = {}) {
    this.#options = options;
    this.#threads = options.threads ?? "auto";
    this.#connection = new Connection((trouble) => this.#recover(trouble));
    const opening = this.#connection.call((session) => session.open(this.#policy, this.#threads));
    this.#device = this.#opened(opening);
  }

  get #policy(): DevicePolicy {
    return this.#options.device ?? "auto";
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
      const loading = this.#loadDespiteTrouble(request, onProgress, signal);
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
    const connection = this.#connection;
    const run = connection.call((session) => session.classify(sent, name, top));
    try {
      const classification = await unlessAborted(run, signal);
      if (this.#unproven === connection) this.#unproven = undefined;
      return classification;
    } catch (thrown) {
      const { code } = toResNetError(thrown);
      // Another device has taken over. A decoded picture went to the worker for good; a file is still here. This ends:
      // a device that is lost before it has classified anything is followed by the CPU.
      const again = code === "device-lost" || code === "device-failed";
      if (!again || connection === this.#connection || !(source instanceof Blob)) throw thrown;
      return this.classify(source, { top, ...(signal && { signal }) });
    }
  }

  /** Makes the code in the worker crash, to try out what happens then. */
  crash(): void {
    // The worker dies of it, so whatever it answers is of no interest.
    this.#connection.session.crash().catch(() => {});
  }

  /** Loses the GPU's device, to try out what happens then; on the CPU it does nothing. */
  loseDevice(): void {
    this.#connection.session.loseDevice().catch(() => {});
  }

  /** Ends the worker and frees what it holds. Calls that are under way fail with `aborted`. */
  dispose(): void {
    this.#connection.close(new ResNetError("aborted", "The classifier was disposed of."));
  }

  /** Loads, and again whenever what it is loaded into has to be replaced: but once after a crash. */
  async #loadDespiteTrouble(
    request: LoadRequest,
    onProgress: ((progress: Progress) => void) | undefined,
    signal: AbortSignal | undefined,
    crashed = false,
  ): Promise<LoadedModel> {
    const connection = this.#connection;
    try {
      return await this.#loadInto(connection, request, onProgress);
    } catch (thrown) {
      const { code } = toResNetError(thrown);
      const crashes = code === "runtime-crashed";
      const again = crashes ? !crashed : code === "device-lost" || code === "device-failed";
      if (!again || connection === this.#connection || signal?.aborted) throw thrown;
      // Weights that crash one device, or are too much for it, may do on the one that has taken over.
      await this.#restarted();
      return this.#loadDespiteTrouble(request, onProgress, signal, crashed || crashes);
    }
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
      return await connection.call((session) => session.load(request, heard));
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

  /** The device that is being opened, or the one that takes over before it is there. */
  #opened(opening: Promise<DeviceStatus>): Promise<DeviceStatus> {
    const device: Promise<DeviceStatus> = this.#tell(opening).catch((thrown) => {
      if (this.#device === device) throw thrown;
      return this.#device;
    });
    // Whoever asks for the device hears of its failure; nobody has to.
    device.catch(() => {});
    return device;
  }

  /** Waits until there is code to call; what model it has, if any, does not matter. */
  async #restarted(): Promise<void> {
    let recovery: Promise<LoadedModel> | undefined;
    do {
      recovery = this.#recovery;
      await recovery?.catch(() => {});
      // Meanwhile that worker, too, may have been replaced.
    } while (recovery !== this.#recovery);
    if (this.#givenUp) throw this.#givenUp;
  }

  /** Waits until the model is back after a crash. Where loading it again failed, it is tried once more. */
  async #recovered(): Promise<void> {
    await this.#restarted();
    const recovery = this.#recovery;
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

  /** Replaces a worker by one on another device, with the same model. */
  #recover({ code, message }: Trouble): void {
    // A lost device is no fault of the code's, and how often that can happen without any result is limited by itself.
    if (code === "runtime-crashed") this.#restarts += 1;
    if (this.#restarts > MOST_RESTARTS) {
      this.#givenUp = new ResNetError(
        "runtime-given-up",
        `The code that runs the network stopped unexpectedly ${this.#restarts} times (${message}). Reload the page.`,
      );
      this.#connection.close(this.#givenUp);
      return;
    }
    const before = this.#connection;
    before.close(new ResNetError(code, TROUBLES[code](message)));
    const connection = new Connection((trouble) => this.#recover(trouble));
    this.#connection = connection;
    const again = code === "device-lost" && this.#unproven !== before;
    this.#unproven = again ? connection : undefined;
    const reason = code === "runtime-crashed" ? "crashed" : code;
    const opening = connection.call((session) =>
      again
        ? session.open(this.#policy, this.#threads, message)
        : session.openCpu(reason, message, this.#threads),
    );
    this.#device = this.#opened(opening);
    this.#reload();
  }
}

/** A worker, and the calls into it: they all fail at once when it is closed. */
class Connection {
  readonly session: Comlink.Remote<Session>;
  readonly #worker: Worker;
  readonly #closed: Promise<never>;
  #fail: ((error: ResNetError) => void) | undefined;
  /** Runs out when the GPU does not answer. */
  #due: ReturnType<typeof setTimeout> | undefined;

  constructor(onTrouble: (trouble: Trouble) => void) {
    this.#worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
    this.session = Comlink.wrap<Session>(this.#worker);
    this.#closed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#closed.catch(() => {});
    // A panic is told twice, by the module and as the worker's error.
    const tell = (trouble: Trouble) => {
      if (this.#fail) onTrouble(trouble);
    };
    const crashed = (message: string) => tell({ code: "runtime-crashed", message });
    const heard = (notice: GpuNotice) => {
      clearTimeout(this.#due);
      if (notice.gpu === "due") {
        this.#due = setTimeout(() => heard(notice.otherwise), notice.within);
      } else if (notice.gpu !== "answered") {
        tell({ code: `device-${notice.gpu}`, message: notice.message });
      }
    };
    this.#worker.addEventListener(
      "message",
      ({ data }: MessageEvent<Partial<CrashNotice> | GpuNotice | undefined>) => {
        if (!data) return;
        if ("gpu" in data) heard(data);
        else if (typeof data.crashed === "string") crashed(data.crashed);
      },
    );
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
    clearTimeout(this.#due);
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
