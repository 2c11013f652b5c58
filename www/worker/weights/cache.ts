import { BlockDigests } from "./blocks";
import type { Pieces } from "./checksum";
import type { Manifest } from "./manifest";
import { type Version, versionOf } from "./request";

const NAME = "resnet-web-weights";
/** Where the cache says of its files what the browser does not: an address that nobody can have. */
const INDEX = "https://weights.invalid/index";
/** More files than this are not kept: the one used longest ago goes. */
const MOST_FILES = 4;

/** A file in the cache. */
export interface Copy {
  blob: Blob;
  version: Version;
  /** The digests of its blocks as it was stored, if that is known. */
  digests: string[] | null;
}

/** Why the browser kept nothing. */
export type NotKept = "quota" | "unavailable";

interface Index {
  [key: string]: Entry & {
    /** Larger for what was used later. Not a time: clocks are set back. */
    used: number;
  };
}

/** What the index knows of a file. */
interface Entry {
  bytes: number;
  digests: string[];
  /** The manifest that named it, if one did: for a visit without a network. */
  manifest?: NamedBy | undefined;
}

/** A manifest, and where it was found. */
export interface NamedBy {
  url: string;
  says: Manifest;
}

/** This browser's cache of weight files. The files are what counts: an index that is lost, or behind, does no harm. */
export class WeightCache {
  readonly #cache: Cache;

  private constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Opens the cache. Null where there is none: a private window, a page without HTTPS. */
  static async open(): Promise<WeightCache | null> {
    try {
      return new WeightCache(await caches.open(NAME));
    } catch {
      return null;
    }
  }

  /** Looks for a file. What is not as long as it was stored is damaged, and goes. */
  async find(key: string): Promise<Copy | null> {
    try {
      const response = await this.#cache.match(key);
      if (!response) return null;
      const blob = await response.blob();
      const { bytes = blob.size, digests = null } = (await this.#index())[key] ?? {};
      if (bytes === blob.size) return { blob, version: versionOf(response), digests };
    } catch {
      // It cannot be read: the same as damaged.
    }
    await this.drop(key);
    return null;
  }

  /** What the manifest at an address said of a file that is kept. */
  async manifest(url: string): Promise<Manifest | null> {
    const index = await this.#index();
    const latest = Object.values(index)
      .filter(({ manifest }) => manifest?.url === url)
      .sort((one, other) => other.used - one.used)[0];
    return latest?.manifest?.says ?? null;
  }

  /** Notes that a file was of use. */
  async touch(key: string, entry: Entry): Promise<void> {
    await harmlessly(async () => {
      const index = await this.#index();
      const latest = Math.max(0, ...Object.values(index).map(({ used }) => used));
      index[key] = { ...entry, used: latest + 1 };
      const kept = (await this.#keys()).sort(
        (one, other) => (index[other]?.used ?? 0) - (index[one]?.used ?? 0),
      );
      for (const old of kept.splice(MOST_FILES)) await this.#cache.delete(old);
      const entries = kept.flatMap((file) => (index[file] ? [[file, index[file]]] : []));
      await this.#cache.put(INDEX, Response.json(Object.fromEntries(entries)));
    });
  }

  /** Drops a file. */
  async drop(key: string): Promise<void> {
    await harmlessly(() => this.#cache.delete(key));
  }

  /** Drops the files that `unwanted` picks by their keys. */
  async dropThose(unwanted: (key: string) => boolean): Promise<void> {
    await harmlessly(async () => {
      for (const key of await this.#keys()) if (unwanted(key)) await this.#cache.delete(key);
    });
  }

  /**
   * Stores a file while it comes, and hands out the stored one. If `pieces` fail, nothing is stored, and this fails with
   * the same; if it is the browser that fails, it says why.
   */
  async store(
    key: string,
    pieces: Pieces,
    version: Version,
    manifest?: NamedBy,
  ): Promise<Blob | NotKept> {
    const blocks = new BlockDigests();
    const source = blocks.of(pieces);
    let bytes = 0;
    let failed: (thrown: unknown) => void = () => {};
    const failure = new Promise<never>((_, reject) => {
      failed = reject;
    });
    failure.catch(() => {});
    let fault: { thrown: unknown } | undefined;
    const passed: WeakRef<ArrayBuffer>[] = [];
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          try {
            const { done, value } = await source.next();
            if (done) return controller.close();
            bytes += value.length;
            passed.push(new WeakRef(value.buffer));
            controller.enqueue(value);
          } catch (thrown) {
            fault = { thrown };
            controller.error(thrown);
            failed(thrown);
          }
        },
      },
      // Nothing is fetched ahead of what the browser has put away.
      { highWaterMark: 0 },
    );
    try {
      const put = this.#cache.put(key, new Response(body, { headers: headersOf(version) }));
      await Promise.race([put, failure]);
      release(passed);
      const stored = await (await this.#cache.match(key))?.blob();
      if (stored?.size === bytes) {
        await this.touch(key, { bytes, digests: blocks.digests, manifest });
        return stored;
      }
      await this.drop(key);
      return "unavailable";
    } catch (thrown) {
      if (fault) throw fault.thrown;
      return isQuota(thrown) ? "quota" : "unavailable";
    }
  }

  /** How many files there are, and how long they are together. */
  async size(): Promise<{ files: number; bytes: number }> {
    const index = await this.#index();
    const keys = await this.#keys();
    let bytes = 0;
    for (const key of keys) {
      bytes += index[key]?.bytes ?? (await (await this.#cache.match(key))?.blob())?.size ?? 0;
    }
    return { files: keys.length, bytes };
  }

  async #keys(): Promise<string[]> {
    return (await this.#cache.keys()).map(({ url }) => url).filter((url) => url !== INDEX);
  }

  async #index(): Promise<Index> {
    try {
      return (await (await this.#cache.match(INDEX))?.json()) ?? {};
    } catch {
      return {};
    }
  }
}

/** Frees what the browser has put away and not tidied up yet, so that it is not in memory beside the network. */
function release(buffers: WeakRef<ArrayBuffer & { transfer?(length: number): ArrayBuffer }>[]) {
  for (const buffer of buffers) buffer.deref()?.transfer?.(0);
}

/** Whether so many bytes may fit. Where the browser does not tell, they may. */
export async function hasRoomFor(bytes: number | null): Promise<boolean> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    if (bytes === null || quota === undefined || usage === undefined) return true;
    return bytes <= quota - usage;
  } catch {
    return true;
  }
}

/** How many weight files this browser keeps, and how many bytes they are. */
export async function cachedWeights(): Promise<{ files: number; bytes: number }> {
  return (await (await WeightCache.open())?.size()) ?? { files: 0, bytes: 0 };
}

/** Drops all weight files that this browser keeps. */
export async function clearWeights(): Promise<void> {
  if (await WeightCache.open()) await caches.delete(NAME);
}

function headersOf({ etag, modified }: Version): Record<string, string> {
  return {
    "Content-Type": "application/octet-stream",
    ...(etag && { ETag: etag }),
    ...(modified && { "Last-Modified": modified }),
  };
}

function isQuota(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "QuotaExceededError";
}

/** A cache that cannot be tidied is still a cache. */
async function harmlessly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // The next time will do.
  }
}
