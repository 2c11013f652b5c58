import * as Comlink from "comlink";
import type { Settled, WeightFile } from "../../protocol/messages";
import type { CachedWeights, Progress, WeightsPreview } from "../../protocol/types";
import { outcomeOf } from "../outcome";
import { post } from "../post";
import {
  cachedWeights,
  clearWeights,
  fetchDescribedWeights,
  forgetWeights,
  previewWeights,
} from ".";

/** What the worker does that fetches, checks and keeps weight files. It has no wasm that could take it down. */
export class WeightService {
  /** Downloads under way, by the id of their load. */
  readonly #fetches = new Map<number, AbortController>();

  /** Fetches a weight file, from this browser's cache where it is there, and checks it. */
  fetch(
    load: number,
    url: string,
    sha256: string | undefined,
    onProgress: (progress: Progress) => void,
  ): Promise<Settled<WeightFile>> {
    return outcomeOf(async () => {
      const fetching = new AbortController();
      this.#fetches.set(load, fetching);
      const { signal } = fetching;
      try {
        return await fetchDescribedWeights({ url, signal, onProgress, ...(sha256 && { sha256 }) });
      } finally {
        this.#fetches.delete(load);
      }
    });
  }

  /** Cancels the download of a load. */
  async cancel(load: number): Promise<void> {
    this.#fetches.get(load)?.abort();
  }

  /** Removes what turned out to be no weights. */
  forget(url: string): Promise<Settled<void>> {
    return outcomeOf(() => forgetWeights(url));
  }

  /** What is known of weights before they are downloaded. */
  previewWeights(url: string): Promise<Settled<WeightsPreview>> {
    return outcomeOf(() => previewWeights(url));
  }

  /** What the browser's cache holds. */
  cached(): Promise<Settled<CachedWeights>> {
    return outcomeOf(cachedWeights);
  }

  /** Empties it. */
  clear(): Promise<Settled<void>> {
    return outcomeOf(clearWeights);
  }
}

Comlink.expose(new WeightService());
post({ started: true });
