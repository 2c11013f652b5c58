import * as Comlink from "comlink";
import { canvasReadsBack } from "../../images/readback";
import { ResNetError, toResNetError } from "../../protocol/errors";
import type { GpuNotice, Settled, WorkerNotice } from "../../protocol/messages";
import { Calls } from "./calls";
import type { Trouble } from "./supervisor/recovery";
import { WorkerThreads } from "./threads";

/** The time limit for a worker's script to start, in milliseconds. */
const START = 60_000;

/** A worker with its threads, and the calls into it: they all fail at once when it is closed. */
export class Connection<Api> {
  /** There is one unless the worker could not be started: then every call fails. */
  readonly #session: Comlink.Remote<Api> | undefined;
  readonly #worker: Worker | undefined;
  readonly #threads: WorkerThreads | undefined;
  readonly #calls = new Calls();
  readonly #underWay = new Set<Promise<unknown>>();
  /** Ends when the worker's script does not start. */
  #startLimit: ReturnType<typeof setTimeout> | undefined;
  #hasStarted = false;
  /** Ends when the GPU does not answer. */
  #due: ReturnType<typeof setTimeout> | undefined;
  /** The id of the load whose network is being built. */
  #building: number | null = null;

  /**
   * @param task what the worker does, for the errors' text: "runs the network"
   * @param start starts the worker
   * @param onNotStarted hears that the worker's script does not run: this connection is closed
   * @param startThread starts a worker thread, of a worker that asks for some
   */
  constructor(
    task: string,
    start: () => Worker,
    onTrouble: (trouble: Trouble) => void,
    onNotStarted: () => void,
    startThread?: () => Worker,
  ) {
    this.#threads = startThread && new WorkerThreads(startThread);
    const notRunning = (error: ResNetError) => {
      if (this.isClosed) return;
      this.close(error);
      onNotStarted();
    };
    try {
      this.#worker = start();
    } catch (thrown) {
      notRunning(notAllowed(task, thrown));
      return;
    }
    this.#session = Comlink.wrap<Api>(this.#worker);
    this.#startLimit = setTimeout(() => {
      notRunning(notStarted(task, `it did not run within ${START / 1000} seconds`));
    }, START);
    const report = (trouble: Trouble) => {
      if (!this.isClosed) onTrouble(trouble);
    };
    const crashed = (message: string, model = this.#building ?? undefined) => {
      const culprit = model !== undefined && { model, building: model === this.#building };
      report({ code: "runtime-crashed", message, ...culprit });
    };
    const heard = (notice: GpuNotice) => {
      clearTimeout(this.#due);
      if (notice.gpu === "due") {
        this.#due = setTimeout(() => heard(notice.otherwise), notice.within);
      } else if (notice.gpu !== "answered") {
        report({ code: `device-${notice.gpu}`, message: notice.message });
      }
    };
    this.#worker.addEventListener(
      "message",
      ({ data }: MessageEvent<WorkerNotice | { type: unknown } | null>) => {
        // Comlink's answers have a type.
        if (!data || "type" in data) return;
        if ("started" in data) this.#started();
        else if ("thread" in data) this.#threads?.start(data);
        else if ("building" in data) this.#building = data.building;
        else if ("crashed" in data) crashed(data.crashed, data.model);
        else heard(data);
      },
    );
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (this.#hasStarted) crashed(event.message);
      else notRunning(notStarted(task, event.message || "the browser gives no reason"));
    });
  }

  /** Whether the worker is terminated or could not be started: every call fails. */
  get isClosed(): boolean {
    return this.#calls.haveEnded;
  }

  /** Whether the worker is building the network of this load. It receives no messages meanwhile. */
  isBuilding(load: number): boolean {
    return this.#building === load;
  }

  /** Calls into the worker. Comlink's own promises stay pending if the worker is gone; these do not. */
  async call<T>(work: (session: Comlink.Remote<Api>) => Promise<Settled<T>>): Promise<T> {
    const call = this.#calls.make(() => work(this.#session as Comlink.Remote<Api>));
    this.#underWay.add(call);
    const settled = await call
      .catch((thrown) => {
        throw toResNetError(thrown);
      })
      .finally(() => this.#underWay.delete(call));
    if (settled.ok) return settled.value;
    // Firefox asks the person, or shows an icon to allow it, only where the page itself reads a canvas.
    if (settled.error.code === "image-withheld") void canvasReadsBack();
    throw new ResNetError(settled.error.code, settled.error.message);
  }

  /** Calls into the worker without waiting for an answer, which may never come. */
  send(work: (session: Comlink.Remote<Api>) => Promise<void>): void {
    if (!this.isClosed && this.#session) work(this.#session).catch(() => {});
  }

  /** Waits until no call is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Ends the worker; calls under way fail with `error`. */
  close(error: ResNetError): void {
    // Comlink's registry of proxies holds the worker, and the worker this connection, by its listeners.
    if (!this.isClosed) this.#session?.[Comlink.releaseProxy]();
    this.#worker?.terminate();
    this.#threads?.end();
    clearTimeout(this.#startLimit);
    clearTimeout(this.#due);
    this.#calls.end(error);
  }

  #started(): void {
    this.#hasStarted = true;
    clearTimeout(this.#startLimit);
  }
}

function notAllowed(task: string, thrown: unknown): ResNetError {
  const { message } = toResNetError(thrown);
  return new ResNetError(
    "worker-unavailable",
    `The browser does not allow the worker that ${task}: ${message} If the page is embedded in another, its frame's sandbox needs allow-same-origin; else open the page by itself, in a newer browser.`,
    { cause: thrown },
  );
}

function notStarted(task: string, why: string): ResNetError {
  return new ResNetError(
    "worker-unavailable",
    `The worker that ${task} could not be started: ${why}. Check the connection and reload the page; if that does not help, try a newer browser, which has module workers.`,
  );
}
