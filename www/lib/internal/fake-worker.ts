import * as Comlink from "comlink";
import type { ErrorCode } from "../../protocol/errors";
import type { LoadRequest, Wanted, WorkerNotice } from "../../protocol/messages";
import type { DevicePolicy, DeviceReason } from "../../protocol/types";

const ok = <T>(value: T) => ({ ok: true as const, value });
const failed = (code: ErrorCode) => ({ ok: false as const, error: { code, message: code } });

/**
 * A worker for tests of the library, whose networks are names. A file's name says what happens to it: `bad` is no weights,
 * `deaf` is built without end, `fatal` crashes the code while it is built, `poison` when it classifies.
 */
export class FakeWorker extends EventTarget {
  /** Those that were started, in order. */
  static all: FakeWorker[] = [];
  /** What was done in all of them, with the worker's place among them. */
  static log: string[] = [];
  /** The loads that were asked of all of them. */
  static requests: LoadRequest[] = [];
  /** What is held up, by its name in the log, until it is released. */
  static held = new Map<string, Promise<void>>();
  /** Whether the script of those that are started runs. */
  static runs = true;

  readonly place = FakeWorker.all.push(this) - 1;
  isEnded = false;
  /** Whether it is in a long call, and receives no messages. */
  isDeaf = false;
  readonly #waiting: [unknown, Transferable[]][] = [];
  readonly #port: MessagePort;
  #loaded: LoadRequest | undefined;
  #staged: LoadRequest | undefined;
  readonly #dropped = new Set<number>();

  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.addEventListener("message", ({ data }) => this.#tell(data));
    port1.start();
    Comlink.expose(this.#session(), port2);
    if (FakeWorker.runs) queueMicrotask(() => this.tell({ started: true }));
  }

  /** Holds something up; returns what releases it. */
  static hold(what: string): () => void {
    let release = () => {};
    FakeWorker.held.set(what, new Promise((resolve) => (release = resolve)));
    return release;
  }

  static get newest(): FakeWorker {
    return FakeWorker.all.at(-1) as FakeWorker;
  }

  /** The numbers of those that go on. */
  static get alive(): number[] {
    return FakeWorker.all.filter(({ isEnded }) => !isEnded).map(({ place }) => place);
  }

  /** Forgets all of them. */
  static reset(): void {
    for (const worker of FakeWorker.all) worker.terminate();
    [FakeWorker.all, FakeWorker.log, FakeWorker.held] = [[], [], new Map()];
    FakeWorker.requests = [];
    FakeWorker.runs = true;
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    if (this.isDeaf) this.#waiting.push([message, transfer]);
    else if (!this.isEnded) this.#port.postMessage(message, transfer);
  }

  terminate(): void {
    this.isEnded = true;
    this.#port.close();
  }

  /** The long call is over. */
  listen(): void {
    this.isDeaf = false;
    for (const [message, transfer] of this.#waiting.splice(0)) this.postMessage(message, transfer);
  }

  /** Posts a notice. */
  tell(notice: WorkerNotice): void {
    this.#tell(notice);
  }

  #tell(data: unknown): void {
    if (!this.isEnded) this.dispatchEvent(new MessageEvent("message", { data }));
  }

  async #do(what: string): Promise<void> {
    FakeWorker.log.push(`${this.place}: ${what}`);
    await FakeWorker.held.get(what);
  }

  #crash(model: number): Promise<never> {
    this.tell({ crashed: "unreachable", model });
    return new Promise(() => {});
  }

  #session() {
    const opened = async (kind: "cpu" | "webgpu", reason: DeviceReason) => {
      await this.#do(`open ${kind}`);
      return ok({ kind, reason, ...(kind === "webgpu" && { adapter: "test" }) });
    };
    return {
      open: (policy: DevicePolicy) =>
        policy === "webgpu" ? opened("webgpu", "webgpu-requested") : opened("cpu", "no-webgpu"),
      openCpu: (reason: DeviceReason) => opened("cpu", reason),
      load: async (request: LoadRequest) => {
        const { id, choices } = request;
        const name = choices.name ?? "";
        FakeWorker.requests.push(request);
        await this.#do(`load ${name}`);
        if (this.#dropped.has(id)) return failed("aborted");
        if (name.startsWith("bad")) return failed("weights-format");
        this.tell({ building: id });
        if (name.startsWith("deaf")) {
          this.isDeaf = true;
          return new Promise(() => {});
        }
        if (name.startsWith("fatal")) return this.#crash(id);
        await this.#do(`build ${name}`);
        this.tell({ building: null });
        if (this.#dropped.has(id)) return failed("aborted");
        this.#staged = request;
        return ok({ id, info: { architecture: name } });
      },
      commit: async (id: number) => {
        if (this.#staged?.id !== id) return failed("aborted");
        this.#loaded = this.#staged;
        return ok(undefined);
      },
      drop: async (id: number) => {
        this.#dropped.add(id);
        if (this.#staged?.id === id) this.#staged = undefined;
        return ok(undefined);
      },
      setLabels: async (id: number, labels: Blob) => {
        await this.#do(`labels ${await labels.text()}`);
        if (this.#loaded?.id !== id) return failed("aborted");
        this.#loaded = { ...this.#loaded, labels };
        return ok({
          id,
          info: { architecture: this.#loaded.choices.name, labels: await labels.text() },
        });
      },
      setThreads: async (count: number) =>
        ok({ kind: "cpu", reason: "no-webgpu", threads: { count } }),
      classify: async (_: Blob, name: string, { embedding }: Wanted, call: number) => {
        await this.#do(`classify ${name}`);
        if (this.#dropped.has(-call)) return failed("aborted");
        if (!this.#loaded) return failed("not-ready");
        const { id, choices } = this.#loaded;
        if (choices.name?.startsWith("poison")) return this.#crash(id);
        const answer = { model: id, by: choices.name, labels: this.#loaded.labels, top: [] };
        return ok(embedding ? { ...answer, embedding: new Float32Array([3, 0, 4]) } : answer);
      },
      inspect: async (_: Blob, name: string) => {
        await this.#do(`inspect ${name}`);
        return ok({ model: this.#loaded?.id, layers: [] });
      },
      cancel: (call: number) => {
        FakeWorker.log.push(`${this.place}: cancel`);
        this.#dropped.add(-call);
      },
    };
  }
}
