import type { Remote } from "comlink";
import { aborted, type ResNetError, toResNetError } from "../../../protocol/errors";
import type { LoadRequest, Settled, WeightFile } from "../../../protocol/messages";
import type {
  DevicePolicy,
  DeviceStatus,
  LoadedModel,
  Progress,
  ThreadCount,
} from "../../../protocol/types";
import type { Session } from "../../../worker/engine/session";
import { Connection } from "../connection";
import { rememberSpeeds, speedsKey } from "../speeds";
import { isNoWeights, type WeightStore } from "../weight-store";
import type { Workers } from "../workers";
import type { Effect, Event, ModelRequest, Need, Opening, State, WorkerId } from "./state";
import { begin, type Step, step } from "./step";
import { replaced } from "./turn";

/** The listeners of a classifier. */
export interface Listener {
  onDevice?: ((device: DeviceStatus) => void) | undefined;
  onModel?: ((model: LoadedModel) => void) | undefined;
  onModelCrash?: ((error: ResNetError) => void) | undefined;
}

/** A promise that a caller waits for. */
interface Pending<T> {
  resolve: (value: T) => void;
  reject: (error: ResNetError) => void;
}

/** A worker to call into. */
export interface Place {
  worker: WorkerId;
  connection: Connection<Session>;
}

/** Runs the workers as {@link step} decides: it performs the effects and reports their outcomes to the reducer. */
export class Supervisor {
  #state: State;
  readonly #listener: Listener;
  readonly #weights: WeightStore;
  readonly #workers: Workers;
  readonly #connections = new Map<WorkerId, Connection<Session>>();
  /** Loads under way. */
  readonly #loads = new Map<number, Pending<LoadedModel>>();
  /** The listeners for a load's download, by the load's id. */
  readonly #progress = new Map<number, (progress: Progress) => void>();
  /** Calls that wait for a worker. */
  readonly #places = new Map<number, Pending<Place>>();
  /** Calls that wait for a device. */
  readonly #devices = new Map<number, Pending<DeviceStatus>>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #comparison: ReturnType<typeof setTimeout> | undefined;
  /** Events that arrived while an earlier one was being handled. */
  readonly #events: Event[] = [];
  #isBusy = false;

  constructor(
    policy: DevicePolicy,
    threads: ThreadCount,
    measures: boolean,
    weights: WeightStore,
    workers: Workers,
    listener: Listener,
  ) {
    this.#workers = workers;
    this.#listener = listener;
    this.#weights = weights;
    const first = begin(policy, threads, measures);
    this.#state = first.state;
    this.#run(() => first);
    this.#drain();
  }

  /** What is in use, and what is under way. */
  get state(): State {
    return this.#state;
  }

  /** The worker in use, whatever state it is in. */
  get connection(): Connection<Session> {
    return this.#connectionOf(this.#state.worker);
  }

  /** Handles an event, after those that arrived before it. */
  dispatch(event: Event): void {
    this.#events.push(event);
    if (!this.#isBusy) this.#drain();
  }

  #drain(): void {
    for (let next = this.#events.shift(); next; next = this.#events.shift()) {
      const due = next;
      this.#run(() => step(this.#state, due));
    }
  }

  /** Loads a model; rejects when the load is cancelled, also by a newer one. */
  load(
    request: ModelRequest,
    onProgress: ((progress: Progress) => void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<LoadedModel> {
    const { id } = request.load;
    if (onProgress) this.#progress.set(id, onProgress);
    const cancel = () => this.dispatch({ type: "load cancelled", load: id });
    const loaded = new Promise<LoadedModel>((resolve, reject) => {
      this.#loads.set(id, { resolve, reject });
      this.dispatch({ type: "load requested", request });
    });
    signal?.addEventListener("abort", cancel, { once: true });
    return loaded.finally(() => {
      signal?.removeEventListener("abort", cancel);
      this.#progress.delete(id);
    });
  }

  /** Moves to another device; rejects when a newer choice replaces this one. */
  setDevice(call: number, policy: DevicePolicy): Promise<DeviceStatus> {
    return new Promise((resolve, reject) => {
      this.#devices.set(call, { resolve, reject });
      this.dispatch({ type: "device requested", call, policy });
    });
  }

  /** Waits for the device in use. */
  device(call: number): Promise<DeviceStatus> {
    return new Promise((resolve, reject) => {
      this.#devices.set(call, { resolve, reject });
      this.dispatch({ type: "call requested", call, needs: "device" });
    });
  }

  /** Waits for a worker that has what a call needs. */
  place(call: number, needs: Exclude<Need, "device">, signal?: AbortSignal): Promise<Place> {
    const cancel = () => {
      this.#places.get(call)?.reject(aborted(signal));
      this.#places.delete(call);
      this.dispatch({ type: "call cancelled", call });
    };
    const place = new Promise<Place>((resolve, reject) => {
      this.#places.set(call, { resolve, reject });
      this.dispatch({ type: "call requested", call, needs });
    });
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    return place.finally(() => signal?.removeEventListener("abort", cancel));
  }

  #run(next: () => Step): void {
    this.#isBusy = true;
    try {
      const { state, effects } = next();
      this.#state = state;
      for (const effect of effects) this.#perform(effect);
      this.#weights.keepOnly(requestsOf(state));
      this.#forgetEnded(state);
    } finally {
      this.#isBusy = false;
    }
  }

  #perform(effect: Effect) {
    switch (effect.do) {
      case "start":
        return this.#start(effect.worker, effect.opening, effect.threads);
      case "stage":
        return this.#stage(effect);
      case "commit": {
        const { worker, load } = effect;
        this.#call(worker, (session) => session.commit(load)).then(
          () => this.dispatch({ type: "committed", worker, load }),
          (error) => this.dispatch({ type: "commit failed", worker, load, error }),
        );
        return;
      }
      case "drop": {
        const { worker, load } = effect;
        const dropped = () => this.dispatch({ type: "dropped", worker, load });
        this.#call(worker, (session) => session.drop(load)).then(dropped, dropped);
        return;
      }
      case "time": {
        const { worker, load } = effect;
        this.#call(worker, (session) => session.time(load)).then(
          (milliseconds) => this.dispatch({ type: "timed", worker, load, milliseconds }),
          () => this.dispatch({ type: "timing failed", worker, load }),
        );
        return;
      }
      case "set threads": {
        const { worker, threads } = effect;
        this.#call(worker, (session) => session.setThreads(threads)).then(
          (status) => this.dispatch({ type: "threads set", worker, status }),
          () => {},
        );
        return;
      }
      case "close":
        this.#connections.get(effect.worker)?.close(effect.error);
        return;
      case "retire": {
        const { worker, error } = effect;
        const connection = this.#connectionOf(worker);
        void connection.idle().then(() => {
          connection.close(error);
          this.dispatch({ type: "retired", worker });
        });
        return;
      }
      case "send": {
        const { worker } = effect;
        const connection = this.#connectionOf(worker);
        return settle(this.#places, effect.call, ({ resolve }) => resolve({ worker, connection }));
      }
      case "resolve load":
        return settle(this.#loads, effect.load, ({ resolve }) => resolve(effect.model));
      case "reject load":
        return settle(this.#loads, effect.load, ({ reject }) => reject(effect.error));
      case "resolve device":
        return settle(this.#devices, effect.call, ({ resolve }) => resolve(effect.status));
      case "reject call":
        settle(this.#places, effect.call, ({ reject }) => reject(effect.error));
        return settle(this.#devices, effect.call, ({ reject }) => reject(effect.error));
      case "report device":
        return report(() => this.#listener.onDevice?.(effect.status));
      case "report model":
        return report(() => this.#listener.onModel?.(effect.model));
      case "report model crash":
        return report(() => this.#listener.onModelCrash?.(effect.error));
      case "limit drop": {
        const { worker, load } = effect;
        this.#after(effect.milliseconds, () => {
          const isBuilding = this.#connections.get(worker)?.isBuilding(load) ?? false;
          this.dispatch({ type: "drop is late", worker, load, isBuilding });
        });
        return;
      }
      case "schedule comparison":
        clearTimeout(this.#comparison);
        if (this.#comparison !== undefined) this.#timers.delete(this.#comparison);
        this.#comparison = this.#after(effect.milliseconds, () =>
          this.dispatch({ type: "comparison is due" }),
        );
        return;
      case "clear timers":
        for (const timer of this.#timers) clearTimeout(timer);
        return;
      case "remember speeds":
        return rememberSpeeds(speedsKey(effect.request), effect.adapter, effect.speeds);
      default:
        effect satisfies never;
    }
  }

  #start(worker: WorkerId, opening: Opening, threads: ThreadCount): void {
    const connection = new Connection<Session>(
      "runs the network",
      () => this.#workers.engine(),
      (trouble) => this.dispatch({ type: "trouble", worker, trouble }),
      () => this.dispatch({ type: "not started", worker }),
      () => this.#workers.thread(),
    );
    this.#connections.set(worker, connection);
    connection
      .call((session) =>
        opening.by === "policy"
          ? session.open(opening.policy, threads, opening.lost)
          : session.openCpu(opening.reason, opening.detail, threads),
      )
      .then(
        (status) => this.dispatch({ type: "opened", worker, status }),
        (error) => this.dispatch({ type: "open failed", worker, error }),
      );
  }

  #stage({ worker, request }: Effect & { do: "stage" }): void {
    const load = request.id;
    this.#build(worker, request).then(
      (model) => this.dispatch({ type: "staged", worker, load, model }),
      (thrown) => {
        this.dispatch({ type: "stage failed", worker, load, error: toResNetError(thrown) });
      },
    );
  }

  /** Has a worker build a model from its file, which is fetched if it is not here yet. */
  async #build(worker: WorkerId, request: LoadRequest): Promise<LoadedModel> {
    const { weights: _, sha256: __, ...rest } = request;
    const onProgress = (progress: Progress) => this.#progress.get(request.id)?.(progress);
    const wasHere = this.#weights.has(request);
    let file: WeightFile | undefined;
    try {
      // A call ends with its worker, a download does not.
      return await this.#call(worker, async (session) => {
        file = await this.#weights.file(request, onProgress);
        if (!isStaging(this.#state, worker, request.id)) throw aborted();
        const total = file.blob.size;
        onProgress({ loaded: total, total, cached: false });
        return session.load({ ...rest, file });
      });
    } catch (thrown) {
      if (!file || !isNoWeights(thrown)) throw thrown;
      await this.#weights.forget(request).catch(() => {});
      // What the browser kept may have been removed since it was fetched.
      const isGone = wasHere && toResNetError(thrown).code === "weights-unreadable";
      if (isGone && !(request.weights instanceof Blob)) return this.#build(worker, request);
      throw thrown;
    }
  }

  #after(milliseconds: number, work: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
    return timer;
  }

  /** Calls into a worker; fails where that has ended. */
  async #call<T>(
    worker: WorkerId,
    work: (session: Remote<Session>) => Promise<Settled<T>>,
  ): Promise<T> {
    const connection = this.#connections.get(worker);
    if (!connection) throw replaced();
    return connection.call(work);
  }

  /** Lets go of workers that have ended. The one in use stays: its error is that of calls that come later. */
  #forgetEnded({ running, retiring, worker }: State): void {
    for (const id of this.#connections.keys()) {
      if (!running.has(id) && !retiring.has(id) && id !== worker) this.#connections.delete(id);
    }
  }

  #connectionOf(worker: WorkerId): Connection<Session> {
    const connection = this.#connections.get(worker);
    if (!connection) throw new Error(`Worker ${worker} does not run.`);
    return connection;
  }
}

/** The loads whose files may be needed again. */
function requestsOf({ request, previous, load, change, race, recovery }: State): LoadRequest[] {
  const recovered = recovery && "request" in recovery ? recovery.request : undefined;
  const all = [request, previous, load?.request, change?.request, race?.request, recovered];
  return all.flatMap((each) => (each ? [each.load] : []));
}

/** Whether a worker is to build the model of this load: it may have been cancelled, or sent to another worker. */
function isStaging(state: State, worker: WorkerId, id: number): boolean {
  const { load, change, race, recovery } = state;
  return [load, change, race && { ...race, worker: race.cpu }, recovery].some(
    (task) => task?.phase === "staging" && task.worker === worker && task.request?.load.id === id,
  );
}

/** Calls a listener. What it throws is reported, and does not stop the effects that follow. */
function report(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}

function settle<T>(
  waiting: Map<number, Pending<T>>,
  key: number,
  outcome: (pending: Pending<T>) => void,
): void {
  const pending = waiting.get(key);
  waiting.delete(key);
  if (pending) outcome(pending);
}
