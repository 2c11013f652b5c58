import * as Comlink from "comlink";
import { ResNetError, toResNetError } from "../../protocol/errors";
import type { LoadRequest, Settled, WeightFile } from "../../protocol/messages";
import type { CachedWeights, Progress, WeightsPreview } from "../../protocol/types";
import type { WeightService } from "../../worker/weights/store";
import { Calls } from "./calls";
import { Connection } from "./connection";
import type { Workers } from "./workers";

/** A file that is here, or on its way. */
interface Entry {
  url: string;
  sha256: string | undefined;
  file: Promise<WeightFile>;
  /** Whether later loads of this address take it, too. */
  isShareable: boolean;
  /** The loads that need it, by their ids. */
  loads: Map<number, Load>;
  /** Cancels the download. */
  cancel: () => void;
}

/** A load's part in an entry. */
interface Load {
  store: WeightStore;
  /** Receives the progress of the download. */
  onProgress: (progress: Progress) => void;
  /** Waits for the file. It ends when this load is cancelled, while others may go on. */
  waiting: Calls;
}

/** What the stores of several classifiers have in common. */
interface Shared {
  entries: Set<Entry>;
  service: Connection<WeightService> | undefined;
  stores: Set<WeightStore>;
}

/**
 * The weight files of a classifier. They are fetched and checked in a worker of their own, and whichever worker then
 * computes gets the handle. So a lost device, another device and other choices for the same file cost no download, not even
 * where the browser keeps nothing.
 *
 * What is at an address may change. Where the browser keeps the file, a later load asks the server whether it has another,
 * which costs no download. Otherwise, or where a SHA-256 says which file it is, the later load takes the file that is here.
 */
export class WeightStore {
  readonly #workers: Workers;
  readonly #shared: Shared;
  readonly #calls = new Calls();

  /** @param other a store whose files and worker this one shares */
  constructor(workers: Workers, other?: WeightStore) {
    this.#workers = workers;
    this.#shared = other
      ? other.#shared
      : { entries: new Set(), service: undefined, stores: new Set() };
    this.#shared.stores.add(this);
  }

  /** The file of a load: the one that is here already, or else fetched. Rejects when the load is cancelled. */
  async file(request: LoadRequest, onProgress: (progress: Progress) => void): Promise<WeightFile> {
    const { id, weights, external } = request;
    if (weights instanceof Blob) {
      const file = { blob: weights, ...(external && { external }) };
      return { ...file, kept: { cached: false, reason: "file" } };
    }
    return this.#calls.make(async () => {
      const entry = this.#find(request) ?? this.#fetch(id, weights, request.sha256);
      const load = this.#join(entry, id);
      load.onProgress = onProgress;
      return load.waiting.make(() => entry.file);
    });
  }

  /** Whether the file of a load is here, or on its way. */
  has(request: LoadRequest): boolean {
    return this.#find(request) !== undefined;
  }

  /** Drops the file of a load, which turned out not to be weights, and the browser's copy of it. */
  async forget(request: LoadRequest): Promise<void> {
    const { id, weights } = request;
    const entry = this.#find(request);
    if (entry) {
      entry.isShareable = false;
      this.#leave(entry, id);
    }
    if (weights instanceof Blob) return;
    await this.#call((service) => service.forget(weights));
  }

  /** Drops the files that none of these loads needs, and cancels their downloads, unless another store needs them. */
  keepOnly(requests: readonly LoadRequest[]): void {
    if (this.#calls.haveEnded) return;
    // A load that waits for its turn needs its file, too.
    for (const request of requests) {
      const entry = this.#find(request);
      if (entry) this.#join(entry, request.id);
    }
    const wanted = new Set(requests.map(({ id }) => id));
    for (const entry of this.#shared.entries) {
      for (const [id, { store }] of entry.loads) {
        if (store === this && !wanted.has(id)) this.#leave(entry, id);
      }
    }
  }

  /** What is known of weights before they are downloaded. */
  async previewWeights(address: string): Promise<WeightsPreview> {
    return this.#call((service) => service.previewWeights(address));
  }

  /** What the browser's cache holds. */
  async cached(): Promise<CachedWeights> {
    return this.#call((service) => service.cached());
  }

  /** Empties it. */
  async clear(): Promise<void> {
    return this.#call((service) => service.clear());
  }

  /** Fails the calls under way, and later ones, with `error`. The worker ends with the last store that uses it. */
  close(error: ResNetError): void {
    this.keepOnly([]);
    this.#calls.end(error);
    this.#shared.stores.delete(this);
    if (this.#shared.stores.size === 0) this.#shared.service?.close(error);
  }

  /** The entry of a load, or the one that it can share. */
  #find({ id, weights, sha256 }: LoadRequest): Entry | undefined {
    const entries = [...this.#shared.entries];
    return (
      entries.find(({ loads }) => loads.has(id)) ??
      entries.find((each) => each.isShareable && each.url === weights && each.sha256 === sha256)
    );
  }

  #join(entry: Entry, id: number): Load {
    const known = entry.loads.get(id);
    if (known) return known;
    const load: Load = { store: this, onProgress: () => {}, waiting: new Calls() };
    entry.loads.set(id, load);
    return load;
  }

  #leave(entry: Entry, id: number): void {
    entry.loads.get(id)?.waiting.end(new ResNetError("aborted", "Loading was cancelled."));
    entry.loads.delete(id);
    if (entry.loads.size > 0) return;
    this.#shared.entries.delete(entry);
    entry.cancel();
  }

  #fetch(id: number, url: string, sha256: string | undefined): Entry {
    const connection = this.#connection();
    const loads: Entry["loads"] = new Map();
    // Progress has a channel of its own: its last message may come after the outcome.
    let underWay = true;
    const onProgress = Comlink.proxy((progress: Progress) => {
      if (underWay) for (const load of loads.values()) load.onProgress(progress);
    });
    const entry: Entry = {
      url,
      sha256,
      file: connection.call((service) => service.fetch(id, url, sha256, onProgress)),
      isShareable: true,
      loads,
      cancel: () => connection.send((service) => service.cancel(id)),
    };
    const over = () => {
      underWay = false;
      entry.cancel = () => {};
    };
    entry.file.then(
      ({ kept }) => {
        over();
        if (kept.cached && sha256 === undefined) entry.isShareable = false;
      },
      () => {
        over();
        // What failed is fetched anew when it is needed again.
        this.#shared.entries.delete(entry);
      },
    );
    this.#shared.entries.add(entry);
    return entry;
  }

  async #call<T>(
    work: (service: Comlink.Remote<WeightService>) => Promise<Settled<T>>,
  ): Promise<T> {
    return this.#calls.make(() => this.#connection().call(work));
  }

  /** The worker: started at the first need, and again if it has ended. */
  #connection(): Connection<WeightService> {
    const shared = this.#shared;
    if (shared.service && !shared.service.isClosed) return shared.service;
    const service: Connection<WeightService> = new Connection<WeightService>(
      "fetches weights",
      () => this.#workers.weights(),
      ({ message }) => {
        const text = `The worker that fetches weights stopped unexpectedly (${message}). Load them again.`;
        service.close(new ResNetError("weights-download", text));
      },
      () => {},
    );
    shared.service = service;
    return service;
  }
}

/** Whether a model could not be built because its file does not hold its weights. */
export function isNoWeights(thrown: unknown): boolean {
  return toResNetError(thrown).code.startsWith("weights-");
}
