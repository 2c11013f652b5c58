import * as Comlink from "comlink";
import { isReplaced, ResNetError, toResNetError } from "../../protocol/errors";
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
  Speeds,
  ThreadCount,
  WeightOptions,
  WeightSource,
  WeightsAhead,
} from "../../protocol/types";
import type { LoadRequest, Session } from "../../worker/engine/session";
import type { Settled } from "../../worker/engine/settled";
import { Connection } from "../internal/connection";
import { isCutShort } from "../internal/encoded";
import { decodedAnyhow } from "../internal/picture";
import { afterTrouble, type Trouble } from "../internal/recovery";
import { faster, recallSpeeds, rememberSpeeds, speedsKey } from "../internal/speeds";
import { fileAddress } from "./address";

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
  /**
   * Called with the model whenever it has been loaded into another device, and with the previous model when that is back
   * after {@link ClassifierOptions.onModelCrash}.
   */
  onModel?: (model: LoadedModel) => void;
  /** Called when the model crashed the code and is not loaded any more. The previous model, if any, is loaded next. */
  onModelCrash?: (error: ResNetError) => void;
  /** Cancels making it. */
  signal?: AbortSignal;
}

/** How weights are loaded. */
export type LoadOptions = Omit<
  ClassifierOptions,
  "weights" | "device" | "threads" | "onDevice" | "onModel" | "onModelCrash"
>;

/** How the device is chosen, and who hears of it. */
export type DeviceOptions = Pick<
  ClassifierOptions,
  "device" | "threads" | "onDevice" | "onModel" | "onModelCrash" | "onProgress"
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
  /** Cancels the call. A run that has begun in the worker goes on to its end, and its result is dropped. */
  signal?: AbortSignal;
}

/** How a picture is inspected. */
export type InspectOptions = Pick<ClassifyOptions, "signal">;

/** Has a worker do something with a picture; `call` is by what it is cancelled. */
type PictureWork<T> = (
  connection: Connection,
  call: number,
  picture: Blob | ImageBitmap,
  name: string,
) => Promise<T>;

/** The time limit for a worker to acknowledge that the load is cancelled whose network it is building, in milliseconds. */
const CANCEL_WITHIN = 1000;

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

/** Opens a device in a worker. */
type Opening = (session: Comlink.Remote<Session>) => Promise<Settled<DeviceStatus>>;

/** A worker to load a model into. */
interface Target {
  connection: Connection;
  /** For a worker that is not in use yet: its device, and the policy by which that was opened. */
  other?: { status: DeviceStatus; policy: DevicePolicy };
}

let lastId = 0;

/** An id for a load, or for a call with a picture. */
function nextId(): number {
  lastId += 1;
  return lastId;
}

/**
 * A network in a worker of its own. Everything heavy happens there.
 *
 * A model is in use only once it is built and its load has not been cancelled. Every answer carries the id of the model
 * that gave it.
 *
 * If the code there crashes, the worker is replaced by one on the CPU, the model is loaded again, and the call that
 * was under way fails with `runtime-crashed`; the next one works. If a model crashes the CPU's code while it is built,
 * or before it has classified a picture, that model is not loaded again, and the previous model is.
 *
 * If a load is cancelled while its network is being built, and that takes more than a second, the worker is terminated and
 * the previous model is loaded again in a new one. A file that was being classified is classified there; other calls fail
 * with `runtime-replaced`.
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
  /** How that is opened. */
  #open: Opening;
  /** What the model was loaded from, to load it again after a crash. */
  #request: LoadRequest | undefined;
  #model: LoadedModel | undefined;
  /** What the previous model was loaded from, until the model has classified a picture. */
  #requestBefore: LoadRequest | undefined;
  /** Whether the model has classified a picture. */
  #isProven = false;
  /** The newest load, while it is under way. */
  #loading: AbortController | undefined;
  /** The newest choice of a device, while it is under way. */
  #switching: AbortController | undefined;
  /** A load that was cancelled, until its worker has acknowledged that or is replaced. */
  #dropping: Promise<void> | undefined;
  /** As many as were asked for. */
  #threads: ThreadCount;
  /** The GPU's adapter, once one was opened. */
  #adapter: string | undefined;
  /** The model for which both devices have been timed, or are about to be. */
  #compared: LoadRequest | undefined;
  #comparison: ReturnType<typeof setTimeout> | undefined;
  #restarts = 0;
  /** Models that crashed the code, by id. */
  readonly #culprits = new Map<number, ResNetError>();
  /** The worker whose GPU replaced a lost one, until it has classified a picture. */
  #secondGpu: Connection | undefined;
  /** The way back to the model after a crash, once there was one. */
  #recovery: Promise<LoadedModel> | undefined;
  /** Why no worker is started any more. */
  #ended: ResNetError | undefined;

  /** Starts the worker and opens the device. Load weights next. */
  constructor(options: DeviceOptions = {}) {
    this.#options = options;
    this.#policy = options.device ?? "auto";
    this.#threads = options.threads ?? "auto";
    this.#connection = this.#connect();
    this.#open = (session) => session.open(this.#policy, this.#threads);
    this.#device = this.#opened(this.#connection, this.#connection.call(this.#open));
  }

  /** The device in use, as soon as it is open. */
  get device(): Promise<DeviceStatus> {
    return this.#device;
  }

  /** The model that is loaded, if one is. */
  get model(): LoadedModel | undefined {
    return this.#model;
  }

  /** Loads weights. If it fails or is cancelled, the previous model stays. A newer load cancels it. */
  async load(
    weights: WeightSource,
    { onProgress = this.#options.onProgress, signal, ...options }: LoadOptions = {},
  ): Promise<LoadedModel> {
    if (signal?.aborted) throw aborted();
    const request = requestOf(weights, options);
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    const giveUp = () => loading.abort();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      return await this.#loadDespiteTrouble(request, onProgress, loading.signal);
    } finally {
      signal?.removeEventListener("abort", giveUp);
      if (this.#loading === loading) this.#loading = undefined;
    }
  }

  /** What a file beside the weights tells of a model: labels, or a configuration of Hugging Face or timm. */
  async describe(file: LabelSource): Promise<Description> {
    await this.#recovered();
    return this.#connection.call((session) => session.describe(labelsOf(file)));
  }

  /** Gives the loaded model's classes other names. If it fails, those before stay. */
  async setLabels(labels: LabelSource): Promise<LoadedModel> {
    const source = labelsOf(labels);
    for (;;) {
      await this.#recovered();
      const [connection, request] = [this.#connection, this.#request];
      if (!request) {
        throw new ResNetError("not-ready", "No model is loaded yet. Load weights first.");
      }
      const model = await connection.call((session) => session.setLabels(request.id, source));
      if (this.#request?.id !== request.id) throw aborted();
      // The model has moved to another worker, which does not have the labels yet.
      if (connection !== this.#connection) continue;
      this.#model = model;
      this.#request = { ...this.#request, labels: source };
      return model;
    }
  }

  /**
   * Computes on so many threads from now on, or on as many of them as there can be: the status tells.
   * A GPU does not care, but the CPU will, should it take over.
   */
  async setThreads(count: ThreadCount): Promise<DeviceStatus> {
    await this.#restarted();
    this.#threads = count;
    const connection = this.#connection;
    const status = await connection.call((session) => session.setThreads(count));
    if (connection === this.#connection) this.#note(status);
    return status;
  }

  /**
   * Runs on another device from now on, or on the one that a measurement finds faster. The model is loaded into it first:
   * until then, and if that fails, everything stays as it is. A newer call cancels it.
   */
  async setDevice(policy: DevicePolicy): Promise<DeviceStatus> {
    this.#switching?.abort();
    const switching = new AbortController();
    this.#switching = switching;
    const { signal } = switching;
    await unlessAborted(this.#restarted(), signal);
    const candidate = this.#candidate();
    try {
      const status = await unlessAborted(this.#openBest(candidate, this.#request, policy), signal);
      let request: LoadRequest | undefined;
      let model: LoadedModel | undefined;
      do {
        request = this.#request;
        model = request && (await unlessAborted(this.#loadInto(candidate, request), signal));
        // Meanwhile another model may have been loaded, or this one been given other labels.
      } while (request !== this.#request);
      this.#policy = policy;
      this.#compared = undefined;
      const speeds = request && this.#rememberedSpeeds(request, policy);
      this.#take(candidate, speeds ? measured(status, speeds) : status);
      if (model) this.#show(model);
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
    const options = { top, ...(evidence !== undefined && { evidence }), ...(signal && { signal }) };
    let used: Connection | undefined;
    try {
      const [answer, cutShort] = await Promise.all([
        this.#withPicture(image, signal, (connection, call, picture, name) => {
          used = connection;
          return connection.call((session) => session.classify(picture, name, top, evidence, call));
        }),
        // A file that cannot be read is told of by the other.
        image instanceof Blob && isCutShort(image).catch(() => false),
      ]);
      if (this.#secondGpu === used) this.#secondGpu = undefined;
      if (answer.model === this.#request?.id) {
        this.#isProven = true;
        this.#requestBefore = undefined;
      }
      this.#compareSoon();
      return cutShort ? { ...answer, cutShort } : answer;
    } catch (thrown) {
      const { code } = toResNetError(thrown);
      // Another worker has taken over. A bitmap was transferred to the previous one; a file is still here. This ends: a GPU
      // that is lost before it has classified a picture is replaced by the CPU, and a load is cancelled only once.
      const isGone = used !== undefined && used !== this.#connection && isReplaced(code);
      const again = isGone && code !== "runtime-crashed" && !signal?.aborted;
      if (!again || !(image instanceof Blob)) throw thrown;
      return this.classify(image, options);
    }
  }

  /**
   * Runs the network on a picture on the CPU, looking at every layer. {@link featureMaps} tells of the last picture that
   * was inspected, as long as its model is loaded. Where that is on a GPU, its times there come along.
   */
  inspect(image: ImageInput, { signal }: InspectOptions = {}): Promise<ImageInspection> {
    return this.#withPicture(image, signal, (connection, call, picture, name) =>
      connection.call((session) => session.inspect(picture, name, call)),
    );
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
    this.#connection.send((session) => session.crash());
  }

  /** Loses the GPU's device, to try out what happens then; on the CPU it does nothing. */
  loseDevice(): void {
    this.#connection.send((session) => session.loseDevice());
  }

  /** Ends the worker and frees what it holds. Calls that are under way or come later fail with `aborted`. */
  dispose(): void {
    clearTimeout(this.#comparison);
    this.#ended = new ResNetError("aborted", "The classifier was disposed of.");
    for (const candidate of this.#candidates) this.#discard(candidate);
    this.#connection.close(this.#ended);
  }

  /** Loads, and loads again if the worker has been replaced meanwhile. */
  async #loadDespiteTrouble(
    request: LoadRequest,
    onProgress: ((progress: Progress) => void) | undefined,
    signal: AbortSignal,
  ): Promise<LoadedModel> {
    let mayBeOther = true;
    for (;;) {
      await unlessAborted(this.#restarted(), signal);
      const here: Target = { connection: this.#connection };
      const target = mayBeOther ? await this.#target(here, request, signal) : here;
      const abandon = () => this.#abandon(target, request.id);
      // Synchronously: the next load waits for what this starts.
      signal.addEventListener("abort", abandon, { once: true });
      try {
        const staged = this.#stage(target.connection, request, onProgress);
        const model = await unlessAborted(staged, signal);
        if (signal.aborted) throw aborted();
        if (!this.#isStale(target)) return this.#commit(target, request, model);
        abandon();
      } catch (thrown) {
        if (target.other) this.#discard(target.connection);
        if (signal.aborted) throw aborted();
        const culprit = this.#culprits.get(request.id);
        if (culprit) throw culprit;
        // Weights that are too much for one device may fit on the one that has replaced it.
        const again = isReplaced(toResNetError(thrown).code) && this.#isStale(target);
        if (!again) throw thrown;
        if (target.other) mayBeOther = false;
      } finally {
        signal.removeEventListener("abort", abandon);
      }
    }
  }

  /** Whether a model that was loaded into this worker would not be in use there, because another one has replaced it. */
  #isStale({ connection, other }: Target): boolean {
    if (!other) return connection !== this.#connection;
    return connection.isClosed || other.policy !== this.#policy;
  }

  /** Puts a staged model in use, here and in its worker. */
  #commit({ connection, other }: Target, request: LoadRequest, model: LoadedModel): LoadedModel {
    this.#requestBefore = this.#request;
    this.#request = request;
    this.#model = model;
    this.#isProven = false;
    this.#recovery = undefined;
    const committed = connection.call((session) => session.commit(request.id));
    if (other) this.#take(connection, other.status);
    committed.catch(() => {
      if (connection === this.#connection && !connection.isClosed) this.#reload();
    });
    return model;
  }

  /** Cancels what is loaded into a worker. */
  #abandon({ connection, other }: Target, load: number): void {
    if (other) this.#discard(connection);
    if (connection.isClosed) return;
    const dropping = this.#drop(connection, load).finally(() => {
      if (this.#dropping === dropping) this.#dropping = undefined;
    });
    this.#dropping = dropping;
  }

  /** Has a worker drop a load. If it is building that network and does not answer in time, it is replaced. */
  async #drop(connection: Connection, load: number): Promise<void> {
    const dropped = connection.call((session) => session.drop(load)).catch(() => {});
    const isLate = await Promise.race([
      dropped.then(() => false),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(true), CANCEL_WITHIN)),
    ]);
    if (!isLate) return;
    if (!connection.isBuilding(load)) return dropped;
    const error = new ResNetError(
      "runtime-replaced",
      "The worker was busy with a cancelled load and has been terminated. The previous model is loaded again in a new one: try again.",
    );
    if (connection === this.#connection && !this.#ended) this.#reopen(error);
    else connection.close(error);
  }

  /** The worker to load a model into: if it is known to be faster on the other device, one with that. */
  async #target(here: Target, request: LoadRequest, signal: AbortSignal): Promise<Target> {
    // Where nothing is remembered, the download need not wait for the device.
    const isRemembered = recallSpeeds(speedsKey(request)).size > 0;
    if (!isRemembered && here.connection.device?.reason !== "cpu-faster") return here;
    const before = await unlessAborted(this.#device, signal);
    const policy = this.#policy;
    const speeds = this.#rememberedSpeeds(request, policy);
    const wanted = speeds ? faster(speeds) : "webgpu";
    if (before.kind === wanted || (before.kind === "cpu" && before.reason !== "cpu-faster")) {
      if (speeds && before.kind === wanted) this.#note(measured(before, speeds));
      return here;
    }
    const connection = this.#candidate();
    try {
      const opened = await unlessAborted(this.#openBest(connection, request, policy), signal);
      const status = speeds ? measured(opened, speeds) : opened;
      return { connection, other: { status, policy } };
    } catch (thrown) {
      this.#discard(connection);
      if (signal.aborted) throw thrown;
      // Either device will do.
      return here;
    }
  }

  /** Opens a device by a policy, or right away the CPU where that is known to be faster for a model. */
  #openBest(
    connection: Connection,
    request: LoadRequest | undefined,
    policy: DevicePolicy,
  ): Promise<DeviceStatus> {
    const speeds = request && this.#rememberedSpeeds(request, policy);
    const onCpu = speeds && faster(speeds) === "cpu";
    return connection.call((session) =>
      onCpu
        ? session.openCpu("cpu-faster", undefined, this.#threads)
        : session.open(policy, this.#threads),
    );
  }

  /** Makes a call with a picture. A file is sent as it is, anything else as a bitmap of what it shows now. */
  async #withPicture<T>(
    image: ImageInput,
    signal: AbortSignal | undefined,
    work: PictureWork<T>,
  ): Promise<T> {
    if (signal?.aborted) throw aborted();
    const name = image instanceof File ? image.name : "the picture";
    const send = (picture: Blob | ImageBitmap) => this.#sendPicture(picture, name, signal, work);
    return image instanceof Blob
      ? decodedAnyhow(image, send)
      : send(await createImageBitmap(image));
  }

  async #sendPicture<T>(
    picture: Blob | ImageBitmap,
    name: string,
    signal: AbortSignal | undefined,
    work: PictureWork<T>,
  ): Promise<T> {
    try {
      await unlessAborted(this.#recovered(), signal);
    } catch (thrown) {
      if (!(picture instanceof Blob)) picture.close();
      throw thrown;
    }
    const connection = this.#connection;
    const call = nextId();
    const sent = picture instanceof Blob ? picture : Comlink.transfer(picture, [picture]);
    const run = work(connection, call, sent, name);
    // Nothing is sent to a worker that could not be started.
    if (connection.isClosed && !(picture instanceof Blob)) picture.close();
    const cancel = () => connection.send((session) => session.cancel(call));
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await unlessAborted(run, signal);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
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
      const model = await this.#loadInto(other, request);
      const webgpu = await connection.call((session) => session.time());
      const cpu = await other.call((session) => session.time());
      const speeds = { cpu, webgpu };
      rememberSpeeds(speedsKey(request), this.#adapter ?? "", speeds);
      const isStale = connection !== this.#connection || request !== this.#request;
      // A load that is under way goes to the device in use.
      if (isStale || this.#loading || !isMeasured(this.#policy)) return this.#discard(other);
      if (faster(speeds) === "cpu") {
        this.#take(other, measured(cpuStatus, speeds));
        return this.#show(model);
      }
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
      if (connection === this.#connection) return this.#recover(trouble);
      const { code, message, model } = trouble;
      if (model !== undefined && model !== this.#request?.id) this.#blame(model, message);
      connection.close(new ResNetError(code, TROUBLES[code](message)));
    });
    return connection;
  }

  #candidate(): Connection {
    if (this.#ended) throw this.#ended;
    const candidate = this.#connect();
    this.#candidates.add(candidate);
    return candidate;
  }

  #discard(candidate: Connection): void {
    this.#candidates.delete(candidate);
    candidate.close(new ResNetError("aborted", "The other device is not needed."));
  }

  /** Puts a candidate in the place of the worker that was in use, which comes to the end of its calls first. */
  #take(candidate: Connection, status: DeviceStatus): void {
    const before = this.#connection;
    this.#candidates.delete(candidate);
    this.#connection = candidate;
    void before.idle().then(() => before.close(replaced()));
    this.#recovery = undefined;
    this.#note(status);
  }

  /** The model is on another device from now on. */
  #show(model: LoadedModel): void {
    this.#model = model;
    this.#options.onModel?.(model);
  }

  /** The device in use is this from now on. */
  #note(status: DeviceStatus): void {
    this.#device = this.#opened(this.#connection, Promise.resolve(status));
  }

  /** Has a worker build a model, without using it yet. */
  async #stage(
    connection: Connection,
    request: LoadRequest,
    onProgress?: (progress: Progress) => void,
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

  /** Loads a model into a worker and puts it in use there. */
  async #loadInto(connection: Connection, request: LoadRequest): Promise<LoadedModel> {
    const model = await this.#stage(connection, request);
    await connection.call((session) => session.commit(request.id));
    return model;
  }

  /** The device that a worker is opening, or the one that takes over before it is there. */
  #opened(connection: Connection, opening: Promise<DeviceStatus>): Promise<DeviceStatus> {
    const device: Promise<DeviceStatus> = opening.then(
      (status) => {
        if (connection !== this.#connection) return this.#device;
        connection.device = status;
        this.#adapter = status.adapter ?? this.#adapter;
        this.#options.onDevice?.(status);
        return status;
      },
      (thrown) => {
        if (this.#device === device) throw thrown;
        return this.#device;
      },
    );
    // Whoever asks for the device hears of its failure; nobody has to.
    device.catch(() => {});
    return device;
  }

  /** Waits until there is code to call; what model it has, if any, does not matter. */
  async #restarted(): Promise<void> {
    await this.#dropping;
    // A worker that could not be started is tried again.
    if (this.#connection.isClosed && !this.#ended) this.#reopen(replaced());
    let recovery: Promise<LoadedModel> | undefined;
    do {
      recovery = this.#recovery;
      await recovery?.catch(() => {});
      // Meanwhile that worker, too, may have been replaced.
    } while (recovery !== this.#recovery);
    if (this.#ended) throw this.#ended;
  }

  /** Waits until the model is back after a crash. Where loading it again failed, it is tried once more. */
  async #recovered(): Promise<void> {
    await this.#restarted();
    const recovery = this.#recovery;
    try {
      await recovery;
    } catch {
      if (this.#recovery === recovery) this.#reload();
      await this.#restarted();
      await this.#recovery;
    }
  }

  /** Loads the model that was there into the worker that has taken over. */
  #reload(): void {
    const request = this.#request;
    if (request === undefined) {
      this.#recovery = undefined;
      return;
    }
    const connection = this.#connection;
    const recovery = this.#stage(connection, request).then(async (model) => {
      // Another model may have been loaded meanwhile.
      if (this.#recovery !== recovery) {
        connection.call((session) => session.drop(request.id)).catch(() => {});
        throw replaced();
      }
      await connection.call((session) => session.commit(request.id));
      this.#show(model);
      return model;
    });
    this.#recovery = recovery;
    // Whoever needs the model hears of the failure.
    recovery.catch(() => {});
  }

  /** Replaces a worker that is in trouble, with the same model unless that is to blame. */
  #recover(trouble: Trouble): void {
    const { code, message } = trouble;
    const before = this.#connection;
    const { to, counts, culprit } = afterTrouble(trouble, {
      device: before.device?.kind,
      model: this.#request?.id,
      isProven: this.#isProven,
      isSecondGpu: this.#secondGpu === before,
      restarts: this.#restarts,
    });
    if (counts) this.#restarts += 1;
    if (to === "nowhere") {
      this.#ended = new ResNetError(
        "runtime-given-up",
        `The code that runs the network stopped unexpectedly ${this.#restarts} times (${message}). Reload the page.`,
      );
      before.close(this.#ended);
      return;
    }
    if (culprit !== undefined) this.#blame(culprit, message);
    const error = new ResNetError(code, TROUBLES[code](message));
    if (to === "same") {
      this.#reopen(error);
      return;
    }
    const reason = code === "runtime-crashed" ? "crashed" : code;
    const connection = this.#replace(error, (session) =>
      to === "chosen"
        ? session.open(this.#policy, this.#threads, message)
        : session.openCpu(reason, message, this.#threads),
    );
    this.#secondGpu = to === "chosen" ? connection : undefined;
  }

  /** Notes that a model has crashed the code. If it is the one in use, the previous one replaces it. */
  #blame(model: number, message: string): void {
    const error = new ResNetError(
      "model-crashed",
      `The code that runs the network stopped unexpectedly with this model (${message}). The model may be too large for this device. It is not loaded again by itself: load another one, or try again.`,
    );
    this.#culprits.set(model, error);
    if (model !== this.#request?.id) return;
    this.#request = this.#requestBefore;
    this.#requestBefore = undefined;
    this.#model = undefined;
    this.#isProven = false;
    this.#options.onModelCrash?.(error);
  }

  /** Replaces the worker in use by one on a device of the same kind, with the same model. */
  #reopen(error: ResNetError): void {
    const before = this.#connection;
    const known = before.device;
    const open = this.#open;
    const connection = this.#replace(error, async (session) => {
      const opened = await (known?.kind === "cpu"
        ? session.openCpu(known.reason, known.detail, this.#threads)
        : open(session));
      if (!opened.ok || !known || known.kind !== opened.value.kind) return opened;
      // The same object, so that the page does not announce the device once more.
      const isSame = known.threads?.count === opened.value.threads?.count;
      return { ok: true, value: isSame ? known : { ...opened.value, ...known } };
    });
    if (this.#secondGpu === before) this.#secondGpu = connection;
  }

  /** Replaces the worker in use by another, opens a device there, and loads the same model. */
  #replace(error: ResNetError, open: Opening): Connection {
    this.#connection.close(error);
    const connection = this.#connect();
    this.#connection = connection;
    this.#open = open;
    this.#device = this.#opened(connection, connection.call(open));
    this.#reload();
    return connection;
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
    id: nextId(),
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

function replaced(): ResNetError {
  return new ResNetError("runtime-replaced", "Another worker has taken over: try again.");
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
