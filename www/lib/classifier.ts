import * as Comlink from "comlink";
import type { GpuNotice } from "../worker/gpu-watch";
import type { LoadRequest, Session } from "../worker/session";
import type { Settled } from "../worker/settled";
import type { CrashNotice } from "../worker/wasm";
import { fileAddress } from "./address";
import { ResNetError, toResNetError } from "./errors";
import { faster, recallSpeeds, rememberSpeeds, speedsKey } from "./speeds";
import type {
  CachedWeights,
  DevicePolicy,
  DeviceStatus,
  EvidenceFor,
  FeatureMap,
  ImageClassification,
  ImageInspection,
  LabelSource,
  LoadedModel,
  Progress,
  Speeds,
  ThreadCount,
  WeightOptions,
  WeightSource,
  WeightsAhead,
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
  /** Called with the model whenever it has been loaded into another device. */
  onModel?: (model: LoadedModel) => void;
  /** Cancels making it. */
  signal?: AbortSignal;
}

/** How weights are loaded. */
export type LoadOptions = Omit<
  ClassifierOptions,
  "weights" | "device" | "threads" | "onDevice" | "onModel"
>;

/** How the device is chosen, and who hears of it. */
export type DeviceOptions = Pick<
  ClassifierOptions,
  "device" | "threads" | "onDevice" | "onModel" | "onProgress"
>;

/** How one picture is classified. */
export interface ClassifyOptions {
  /** How many of the most probable classes to tell: 5 if left out. */
  top?: number;
  /**
   * Whose evidence to tell, too: where in the picture it lies. It comes of the same run on the same device, and costs
   * next to nothing. None if left out.
   */
  evidence?: EvidenceFor;
  /** Cancels the call. A run that has begun goes on to its end, unheard. */
  signal?: AbortSignal;
}

/** How often code that crashed is started anew before that is given up. */
const MOST_RESTARTS = 3;

/** How long after the first picture both devices are timed, in milliseconds: that one comes first. */
const COMPARE_AFTER = 1500;

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
 *
 * Where the device is left to the classifier and WebGPU works, the first picture is classified there. Then the model is
 * loaded on the CPU, too, both are timed, and the faster one goes on; which it is, is remembered for this adapter and this
 * weight file.
 */
export class Classifier {
  readonly #options: DeviceOptions;
  #policy: DevicePolicy;
  #connection: Connection;
  /** Workers that may take its place. */
  readonly #candidates = new Set<Connection>();
  #device: Promise<DeviceStatus>;
  /** What the model was loaded from, to load it again after a crash. */
  #request: LoadRequest | undefined;
  #model: LoadedModel | undefined;
  /** As many as were asked for. */
  #threads: ThreadCount;
  /** The GPU's adapter, once one was opened. */
  #adapter: string | undefined;
  /** The model for which both devices have been timed, or are about to be. */
  #compared: LoadRequest | undefined;
  #comparison: ReturnType<typeof setTimeout> | undefined;
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
    this.#policy = options.device ?? "auto";
    this.#threads = options.threads ?? "auto";
    this.#connection = this.#connect();
    const opening = this.#connection.call((session) => session.open(this.#policy, this.#threads));
    this.#device = this.#opened(opening);
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
    const loading = this.#loadDespiteTrouble(request, onProgress, signal);
    this.#model = await unlessAborted(loading, signal);
    this.#request = request;
    this.#recovery = undefined;
    return this.#model;
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

  /**
   * Runs on another device from now on, or on the one that a measurement finds faster. The model is loaded into it first:
   * until then, and if that fails, everything stays as it is.
   */
  async setDevice(policy: DevicePolicy): Promise<DeviceStatus> {
    await this.#restarted();
    const request = this.#request;
    const remembered = request && this.#rememberedSpeeds(request, policy);
    const onCpu = remembered && faster(remembered) === "cpu";
    const candidate = this.#candidate();
    try {
      const status = await candidate.call((session) =>
        onCpu
          ? session.openCpu("cpu-faster", undefined, this.#threads)
          : session.open(policy, this.#threads),
      );
      const model = request && (await this.#loadInto(candidate, request, undefined));
      if (request !== this.#request) throw aborted();
      this.#policy = policy;
      this.#compared = undefined;
      this.#take(candidate, remembered ? measured(status, remembered) : status, model);
      return status;
    } catch (thrown) {
      this.#discard(candidate);
      throw thrown;
    }
  }

  /** What is known of weights at an address before they are downloaded, to ask a person, say. */
  lookAhead(weights: string | URL): Promise<WeightsAhead> {
    const address = fileAddress(weights, document.baseURI);
    return this.#connection.call((session) => session.lookAhead(address));
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
    { top = 5, evidence, signal }: ClassifyOptions = {},
  ): Promise<ImageClassification> {
    // What is no index at all would not survive the way into wasm.
    if (typeof evidence === "number" && !(Number.isInteger(evidence) && evidence >= 0)) {
      throw new ResNetError(
        "class-index",
        `There is no class ${evidence}: classes are counted from 0. Ask for one of those.`,
      );
    }
    await this.#recovered();
    const name = image instanceof File ? image.name : "the picture";
    const source = image instanceof Blob ? image : await createImageBitmap(image);
    const sent = source instanceof Blob ? source : Comlink.transfer(source, [source]);
    const connection = this.#connection;
    const run = connection.call((session) => session.classify(sent, name, top, evidence));
    try {
      const classification = await unlessAborted(run, signal);
      if (this.#unproven === connection) this.#unproven = undefined;
      this.#compareSoon();
      return classification;
    } catch (thrown) {
      const { code } = toResNetError(thrown);
      // Another device has taken over. A decoded picture went to the worker for good; a file is still here. This ends:
      // a device that is lost before it has classified anything is followed by the CPU.
      const again = code === "device-lost" || code === "device-failed";
      if (!again || connection === this.#connection || !(source instanceof Blob)) throw thrown;
      return this.classify(source, {
        top,
        ...(evidence !== undefined && { evidence }),
        ...(signal && { signal }),
      });
    }
  }

  /**
   * Runs the network on a picture on the CPU, looking at every layer. {@link featureMaps} tells of the last picture that
   * was inspected, as long as its model is loaded. Where that is on a GPU, its times there come along.
   */
  async inspect(image: ImageInput): Promise<ImageInspection> {
    await this.#recovered();
    const name = image instanceof File ? image.name : "the picture";
    const source = image instanceof Blob ? image : await createImageBitmap(image);
    const sent = source instanceof Blob ? source : Comlink.transfer(source, [source]);
    return this.#connection.call((session) => session.inspect(sent, name));
  }

  /**
   * Feature maps of the layer at this place of the inspection's layers, that with the largest activation first: `count`
   * of them from the `from`-th on.
   */
  featureMaps(place: number, from: number, count: number): Promise<FeatureMap[]> {
    return this.#connection.call((session) => session.featureMaps(place, from, count));
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
    clearTimeout(this.#comparison);
    for (const candidate of this.#candidates) this.#discard(candidate);
    this.#connection.close(new ResNetError("aborted", "The classifier was disposed of."));
  }

  /** Loads, and again whenever what it is loaded into has to be replaced: but once after a crash. */
  async #loadDespiteTrouble(
    request: LoadRequest,
    onProgress: ((progress: Progress) => void) | undefined,
    signal: AbortSignal | undefined,
    crashed = false,
  ): Promise<LoadedModel> {
    const connection = await this.#suited(request);
    const cancel = () => connection.session.cancelLoad();
    signal?.addEventListener("abort", cancel, { once: true });
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
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** The worker to load a model into: if it is known to be faster on the other device, one with that. */
  async #suited(request: LoadRequest): Promise<Connection> {
    // Where nothing is remembered, the download need not wait for the device.
    const isRemembered = recallSpeeds(speedsKey(request)).size > 0;
    if (!isRemembered && this.#connection.device?.reason !== "cpu-faster") return this.#connection;
    const before = await this.#device;
    const speeds = this.#rememberedSpeeds(request, this.#policy);
    const wanted = speeds ? faster(speeds) : "webgpu";
    if (before.kind === wanted || (before.kind === "cpu" && before.reason !== "cpu-faster")) {
      if (speeds && before.kind === wanted) this.#note(measured(before, speeds));
      return this.#connection;
    }
    const candidate = this.#candidate();
    try {
      const status = await candidate.call((session) =>
        wanted === "cpu"
          ? session.openCpu("cpu-faster", undefined, this.#threads)
          : session.open(this.#policy, this.#threads),
      );
      this.#take(candidate, speeds ? measured(status, speeds) : status, undefined);
    } catch {
      // Either device will do.
      this.#discard(candidate);
    }
    return this.#connection;
  }

  #rememberedSpeeds(request: LoadRequest, policy: DevicePolicy): Speeds | undefined {
    if (!isMeasured(policy) || this.#adapter === undefined) return undefined;
    return recallSpeeds(speedsKey(request)).get(this.#adapter);
  }

  /** Times both devices in a while, unless that was done for this model. */
  #compareSoon(): void {
    if (this.#compared === this.#request) return;
    this.#compared = this.#request;
    clearTimeout(this.#comparison);
    this.#comparison = setTimeout(() => this.#compare().catch(() => {}), COMPARE_AFTER);
  }

  /** Times the model on both devices, and goes on with the faster one. */
  async #compare(): Promise<void> {
    const [connection, request, status] = [this.#connection, this.#request, await this.#device];
    if (!request || status.kind !== "webgpu" || status.speeds || !isMeasured(this.#policy)) return;
    const other = this.#candidate();
    try {
      const cpuStatus = await other.call((session) =>
        session.openCpu("cpu-faster", undefined, this.#threads),
      );
      const model = await this.#loadInto(other, request, undefined);
      const webgpu = await connection.call((session) => session.time());
      const cpu = await other.call((session) => session.time());
      const speeds = { cpu, webgpu };
      rememberSpeeds(speedsKey(request), this.#adapter ?? "", speeds);
      const isStale = connection !== this.#connection || request !== this.#request;
      if (isStale || !isMeasured(this.#policy)) return this.#discard(other);
      if (faster(speeds) === "cpu") return this.#take(other, measured(cpuStatus, speeds), model);
      this.#discard(other);
      this.#note(measured(status, speeds));
    } catch (thrown) {
      // The device that is there goes on.
      this.#discard(other);
      throw thrown;
    }
  }

  /** A worker whose troubles are the classifier's, as long as it is the one in use. */
  #connect(): Connection {
    const connection: Connection = new Connection((trouble) => {
      if (connection === this.#connection) this.#recover(trouble);
      else connection.close(new ResNetError(trouble.code, TROUBLES[trouble.code](trouble.message)));
    });
    return connection;
  }

  #candidate(): Connection {
    const candidate = this.#connect();
    this.#candidates.add(candidate);
    return candidate;
  }

  #discard(candidate: Connection): void {
    this.#candidates.delete(candidate);
    candidate.close(new ResNetError("aborted", "The other device is not needed."));
  }

  /** Puts a candidate in the place of the worker that was in use, which comes to the end of its calls first. */
  #take(candidate: Connection, status: DeviceStatus, model: LoadedModel | undefined): void {
    const before = this.#connection;
    this.#candidates.delete(candidate);
    this.#connection = candidate;
    void before.idle().then(() => before.close(aborted()));
    if (model) this.#model = model;
    this.#recovery = undefined;
    this.#note(status);
    if (model) this.#options.onModel?.(model);
  }

  /** The device in use is this from now on. */
  #note(status: DeviceStatus): void {
    this.#device = this.#opened(Promise.resolve(status));
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
      this.#connection.device = status;
      this.#adapter = status.adapter ?? this.#adapter;
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
    const loading = this.#loadInto(this.#connection, this.#request, undefined);
    this.#recovery = loading.then((model) => {
      this.#model = model;
      this.#options.onModel?.(model);
      return model;
    });
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
    const connection = this.#connect();
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
  /** What it computes on, once that is known. */
  device: DeviceStatus | undefined;
  readonly #calls = new Set<Promise<unknown>>();
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
    const call = Promise.race([work(this.session), this.#closed]);
    this.#calls.add(call);
    const settled = await call
      .catch((thrown) => {
        throw toResNetError(thrown);
      })
      .finally(() => this.#calls.delete(call));
    if (settled.ok) return settled.value;
    throw new ResNetError(settled.error.code, settled.error.message);
  }

  /** Waits until no call is under way. */
  async idle(): Promise<void> {
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls);
  }

  /** Ends the worker; calls under way fail with `error`. */
  close(error: ResNetError): void {
    this.#worker.terminate();
    clearTimeout(this.#due);
    this.#fail?.(error);
    this.#fail = undefined;
  }
}

/** Whether the device is left to a measurement. */
function isMeasured(policy: DevicePolicy): boolean {
  return policy === "auto" || policy === "fastest";
}

/** A device that was chosen by how fast both are. */
function measured(status: DeviceStatus, speeds: Speeds): DeviceStatus {
  return status.kind === faster(speeds)
    ? { ...status, reason: `${status.kind}-faster`, speeds }
    : { ...status, speeds };
}

/** As plain data for the worker, addresses made whole. */
function requestOf(weights: WeightSource, options: WeightOptions): LoadRequest {
  const { labels, sha256, ...choices } = options;
  const isFile = weights instanceof File;
  return {
    weights: weights instanceof Blob ? weights : fileAddress(weights, document.baseURI),
    choices: isFile ? { name: weights.name, ...choices } : choices,
    ...(labels !== undefined && { labels: labelsOf(labels) }),
    ...(sha256 !== undefined && { sha256 }),
  };
}

function labelsOf(labels: LabelSource): string | Blob {
  if (labels instanceof Blob) return labels;
  if (typeof labels === "string" || labels instanceof URL) {
    return fileAddress(labels, document.baseURI);
  }
  return new Blob([JSON.stringify(labels)]);
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
