import * as Comlink from "comlink";
import { ResNetError, toResNetError } from "../../protocol/errors";
import type { LoadRequest, WeightFile } from "../../protocol/messages";
import type { CachedWeights, Progress, WeightsPreview } from "../../protocol/types";
import type { WeightService } from "../../worker/weights/store";
import { Connection } from "./connection";

/** A file that is here, or on its way. */
interface Entry {
  file: Promise<WeightFile>;
  /** Hears how far it is. */
  onProgress: (progress: Progress) => void;
  /** Cancels what is on its way. */
  cancel: () => void;
}

/**
 * Weight files by the load that they are for. Each is fetched and checked once, in a worker of its own: whichever worker
 * then computes gets the handle. So neither a lost device nor another one costs a download or a check, not even where the
 * browser keeps nothing.
 */
export class WeightStore {
  #service: Connection<WeightService> | undefined;
  #ended: ResNetError | undefined;
  readonly #entries = new Map<number, Entry>();

  /** The file of a load: the one that is here already, or else fetched. */
  file(
    { id, weights, sha256 }: LoadRequest,
    onProgress: (progress: Progress) => void,
  ): Promise<WeightFile> {
    const known = this.#entries.get(id);
    if (known) {
      known.onProgress = onProgress;
      return known.file;
    }
    if (weights instanceof Blob) {
      return Promise.resolve({ blob: weights, kept: { cached: false, reason: "file" } });
    }
    const entry: Entry = { file: Promise.reject(), onProgress, cancel: () => {} };
    entry.file.catch(() => {});
    entry.file = this.#fetch(id, weights, sha256, entry);
    this.#entries.set(id, entry);
    // What failed is fetched anew when it is asked for again.
    entry.file.catch(() => {
      if (this.#entries.get(id) === entry) this.#entries.delete(id);
    });
    return entry.file;
  }

  /** Whether the file of a load is here, or on its way. */
  has(load: number): boolean {
    return this.#entries.has(load);
  }

  /** Lets go of the file of a load, and of what the browser keeps of it: it is no weights. */
  async forget({ id, weights }: LoadRequest): Promise<void> {
    this.#entries.delete(id);
    if (weights instanceof Blob) return;
    await this.#connection().call((service) => service.forget(weights));
  }

  /** Lets go of the files of all loads but these, and cancels those that are on their way. */
  keepOnly(loads: ReadonlySet<number>): void {
    for (const [load, { cancel }] of this.#entries) {
      if (loads.has(load)) continue;
      this.#entries.delete(load);
      cancel();
    }
  }

  /** What is known of weights before they are downloaded. */
  async previewWeights(address: string): Promise<WeightsPreview> {
    return this.#connection().call((service) => service.previewWeights(address));
  }

  /** What the browser's cache holds. */
  async cached(): Promise<CachedWeights> {
    return this.#connection().call((service) => service.cached());
  }

  /** Empties it. */
  async clear(): Promise<void> {
    return this.#connection().call((service) => service.clear());
  }

  /** Ends the worker. Calls under way or later fail with `error`. */
  close(error: ResNetError): void {
    this.#ended = error;
    this.#entries.clear();
    this.#service?.close(error);
  }

  async #fetch(
    load: number,
    url: string,
    sha256: string | undefined,
    entry: Entry,
  ): Promise<WeightFile> {
    const connection = this.#connection();
    // Progress comes by a way of its own, and the last of it after the outcome.
    let underWay = true;
    const onProgress = Comlink.proxy((progress: Progress) => {
      if (underWay) entry.onProgress(progress);
    });
    entry.cancel = () => connection.send((service) => service.cancel(load));
    try {
      return await connection.call((service) => service.fetch(load, url, sha256, onProgress));
    } finally {
      underWay = false;
      entry.cancel = () => {};
    }
  }

  /** The worker: started at the first need, and again if it has ended. */
  #connection(): Connection<WeightService> {
    if (this.#ended) throw this.#ended;
    if (this.#service && !this.#service.isClosed) return this.#service;
    const service: Connection<WeightService> = new Connection<WeightService>(
      () =>
        new Worker(new URL("../../worker/weights/store.ts", import.meta.url), { type: "module" }),
      ({ message }) => {
        const text = `The worker that fetches weights stopped unexpectedly (${message}). Load them again.`;
        service.close(new ResNetError("weights-download", text));
      },
      () => {},
    );
    this.#service = service;
    return service;
  }
}

/** Whether a file that was built into no model turned out to be no weights. */
export function isNoWeights(thrown: unknown): boolean {
  return toResNetError(thrown).code.startsWith("weights-");
}
