import type { Pieces } from "../../files/pieces";
import { PART } from "../../files/pieces";
import { clearBeside } from "./beside";
import { inBlobs } from "./blobs";
import { BlockDigests } from "./blocks";
import type { Manifest } from "./manifest";
import { type Version, versionOf } from "./request";
import { ifFree } from "./turn";

const NAME = "resnet-web-weights";
/** All keys begin so: with an address that nothing can be fetched from. */
const ROOT = "https://weights.invalid/";
/** Where the cache says of its files what the browser does not. */
const INDEX = `${ROOT}index`;
/** More files than this are not kept, of the page's own and of others each: the one used longest ago goes. */
const MOST_FILES = 4;
/** Which parts go before an entry's body. */
const PARTS = "X-Parts";

/** The key of a file that is known by its SHA-256, in lower-case hexadecimal digits: the same wherever it comes from. */
export function keyOfContent(sha256: string): string {
  return `${ROOT}sha256/${sha256}`;
}

/** The key of a file of which only the address is known. */
export function keyOfAddress(url: string): string {
  return `${ROOT}url/${encodeURIComponent(withoutFragment(url))}`;
}

/** A file in the cache. */
export interface Copy {
  blob: Blob;
  version: Version;
  /** The digests of its blocks as it was stored, if that is known. */
  digests: string[] | null;
  /** The SHA-256 that its content was seen to have, if that was looked at. */
  sha256: string | null;
}

/** Why the browser kept nothing. */
export type NotKept = "quota" | "unavailable";

/** A file that was to be stored. */
export interface Stored {
  /** Its bytes, on disk or in the browser's memory. */
  blob: Blob;
  /** Why it is not in the cache, if it is not. */
  notKept: NotKept | null;
}

/** What the index knows of a file's origin and content. */
export interface Facts {
  /** Where it came from. */
  url: string;
  /** The SHA-256 that its content was seen to have; null if that was not looked at. */
  sha256: string | null;
  /** The manifest that named it, if one did: for a visit without a network. */
  manifest?: NamedBy | undefined;
}

/** What the index knows of a file. */
interface Entry extends Facts {
  bytes: number;
  digests: string[];
}

interface Index {
  [key: string]: Entry & {
    /** Larger for what was used later. Not a time: clocks are set back. */
    used: number;
  };
}

/** A manifest, and where it was found. */
export interface NamedBy {
  url: string;
  says: Manifest;
}

/**
 * This browser's cache of weight files. The files are what counts: an index that is lost, or behind, does no harm.
 *
 * A file's end is the body of its entry, and what goes before it are entries of their own, so that a file that the browser
 * has no more room for in the middle need not be asked for again.
 */
export class WeightCache {
  readonly #cache: Cache;

  private constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Opens the cache. Null where there is none: a private window, a page without HTTPS. */
  static async open(): Promise<WeightCache | null> {
    try {
      const cache = new WeightCache(await caches.open(NAME));
      await harmlessly(() => cache.#takeOver());
      return cache;
    } catch {
      return null;
    }
  }

  /** Looks for a file. What is not as long as it was stored is damaged, and goes. */
  async find(key: string): Promise<Copy | null> {
    try {
      const response = await this.#cache.match(key);
      if (!response) return null;
      const parts: Blob[] = [];
      for (const part of partsOf(key, response)) parts.push(await this.#read(part));
      const end = await response.blob();
      const blob = parts.length > 0 ? new Blob([...parts, end]) : end;
      const known = (await this.#index())[key];
      const { bytes = blob.size, digests = null, sha256 = null } = known ?? {};
      if (bytes === blob.size) return { blob, version: versionOf(response), digests, sha256 };
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

  /** The address of the file that was used last of those whose addresses begin so; null if none is kept. */
  async addressWithin(prefix: string): Promise<string | null> {
    const within = Object.values(await this.#index()).filter(({ url }) => url.startsWith(prefix));
    return within.sort((one, other) => other.used - one.used)[0]?.url ?? null;
  }

  /** Notes that a file was of use. */
  async touch(key: string, entry: Entry): Promise<void> {
    await harmlessly(async () => {
      const index = await this.#index();
      const latest = Math.max(0, ...Object.values(index).map(({ used }) => used));
      index[key] = { ...entry, used: latest + 1 };
      const lastUsedFirst = (await this.#files()).sort(
        (one, other) => (index[other]?.used ?? 0) - (index[one]?.used ?? 0),
      );
      // However many others come, they do not push out the page's own.
      const own = lastUsedFirst.filter((file) => isOwn(index[file]));
      const others = lastUsedFirst.filter((file) => !isOwn(index[file]));
      for (const old of [...own.slice(MOST_FILES), ...others.slice(MOST_FILES)]) {
        await this.drop(old);
        delete index[old];
      }
      const kept = new Set(lastUsedFirst);
      const entries = Object.entries(index).filter(([file]) => kept.has(file));
      await this.#cache.put(INDEX, Response.json(Object.fromEntries(entries)));
    });
  }

  /** Drops a file. */
  async drop(key: string): Promise<void> {
    await harmlessly(async () => {
      const response = await this.#cache.match(key);
      await this.#cache.delete(key);
      if (response) await this.#deleteAll(partsOf(key, response));
    });
  }

  /** Drops the files that `unwanted` picks, by what is known of them. */
  async dropThose(unwanted: (facts: Facts | null, key: string) => boolean): Promise<void> {
    await harmlessly(async () => {
      const index = await this.#index();
      for (const key of await this.#files()) {
        if (unwanted(index[key] ?? null, key)) await this.drop(key);
      }
    });
  }

  /** Drops everything but what manifests of the page's own origin named. */
  async makeRoom(): Promise<void> {
    await this.dropThose((facts) => !isOwn(facts));
  }

  /** Drops what was left of files whose tab ended while they were stored. */
  async tidy(): Promise<void> {
    await harmlessly(async () => {
      const keys = await this.#keys();
      const files = new Set(keys.filter(isFile));
      const left = new Map<string, string[]>();
      for (const part of keys.filter((key) => !isFile(key))) {
        const [file = ""] = part.split(PART_MARK);
        left.set(file, [...(left.get(file) ?? []), part]);
      }
      for (const [file, parts] of left) {
        // Parts that are just coming belong to the tab that has the turn.
        await ifFree(file, async () => {
          const response = files.has(file) ? await this.#cache.match(file) : undefined;
          const used = new Set(response ? partsOf(file, response) : []);
          await this.#deleteAll(parts.filter((part) => !used.has(part)));
        });
      }
    });
  }

  /**
   * Stores a file while it comes. If `pieces` fail, nothing is stored, and this fails with the same. If it is the browser
   * that fails, what it has put away and what comes after make the file all the same.
   *
   * @param version asked when the file is there
   */
  async store(
    key: string,
    pieces: Pieces,
    facts: Facts,
    version: () => Version,
    part = PART,
  ): Promise<Stored> {
    const blocks = new BlockDigests();
    const id = crypto.randomUUID();
    const stored: Blob[] = [];
    let notKept: NotKept | null = null;
    const put = async (at: string, blob: Blob, headers: Record<string, string>) => {
      if (notKept) return blob;
      try {
        return await this.#write(at, blob, headers);
      } catch (thrown) {
        notKept = isQuota(thrown) ? "quota" : "unavailable";
        return blob;
      }
    };
    try {
      const replaced = await this.#partsAt(key);
      let end = new Blob();
      for await (const blob of inBlobs(blocks.of(pieces), part)) {
        if (end.size > 0) stored.push(await put(partKey(key, id, stored.length), end, {}));
        end = blob;
      }
      const headers = { ...headersOf(version()), [PARTS]: `${id} ${stored.length}` };
      end = await put(key, end, headers);
      const blob = stored.length > 0 ? new Blob([...stored, end]) : end;
      if (notKept) {
        await this.#deleteParts(key, id, stored.length);
      } else {
        await harmlessly(() => this.#deleteAll(replaced));
        await this.touch(key, { ...facts, bytes: blob.size, digests: blocks.digests });
      }
      return { blob, notKept };
    } catch (thrown) {
      await this.#deleteParts(key, id, stored.length);
      throw thrown;
    }
  }

  /** How many files there are, and how long they are together. */
  async size(): Promise<{ files: number; bytes: number }> {
    const index = await this.#index();
    const files = await this.#files();
    let bytes = 0;
    for (const key of files) bytes += index[key]?.bytes ?? (await this.find(key))?.blob.size ?? 0;
    return { files: files.length, bytes };
  }

  /** Writes an entry, and gives what was written. */
  async #write(key: string, blob: Blob, headers: Record<string, string>): Promise<Blob> {
    await this.#cache.put(key, new Response(blob, { headers }));
    const written = await this.#read(key).catch(() => null);
    if (written?.size === blob.size) return written;
    await this.#cache.delete(key);
    throw new Error("the browser did not keep what it was given");
  }

  async #read(key: string): Promise<Blob> {
    const response = await this.#cache.match(key);
    if (!response) throw new Error(`${key} is missing`);
    return response.blob();
  }

  async #partsAt(key: string): Promise<string[]> {
    try {
      const response = await this.#cache.match(key);
      return response ? partsOf(key, response) : [];
    } catch {
      return [];
    }
  }

  async #deleteParts(key: string, id: string, count: number): Promise<void> {
    const parts = Array.from({ length: count }, (_, index) => partKey(key, id, index));
    await harmlessly(() => this.#deleteAll(parts));
  }

  async #deleteAll(keys: string[]): Promise<void> {
    for (const key of keys) await this.#cache.delete(key);
  }

  /**
   * Takes over what earlier versions of this page kept: under a file's address, or with `?sha256=` behind it where that had
   * been looked at. An address could say so by itself, so it counts as not looked at.
   */
  async #takeOver(): Promise<void> {
    const old = (await this.#keys()).filter((key) => !key.startsWith(ROOT));
    if (old.length === 0) return;
    const index = await this.#index();
    for (const address of old) {
      const response = await this.#cache.match(address);
      const url = new URL(address);
      const sha256 = url.searchParams.get("sha256");
      const isContent = sha256 !== null && /^[0-9a-f]{64}$/.test(sha256);
      if (isContent) url.searchParams.delete("sha256");
      const key = isContent ? keyOfContent(sha256) : keyOfAddress(address);
      const entry = index[address];
      if (response) await harmlessly(() => this.#cache.put(key, response));
      if (entry) index[key] = { ...entry, url: url.href, sha256: null };
      delete index[address];
      await this.#cache.delete(address);
    }
    await this.#cache.put(INDEX, Response.json(index));
  }

  async #files(): Promise<string[]> {
    return (await this.#keys()).filter(isFile);
  }

  /** All keys but that of the index. */
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

/** What stands between a file's key and those of its parts; in a key itself there is no third slash. */
const PART_MARK = "/part/";

function partKey(file: string, id: string, index: number): string {
  return `${file}${PART_MARK}${id}/${index}`;
}

function isFile(key: string): boolean {
  return !key.includes(PART_MARK);
}

/** The keys of the parts that go before an entry's body. */
function partsOf(file: string, { headers }: Response): string[] {
  const [, id = "", count = "0"] = /^(\S+) (\d{1,6})$/.exec(headers.get(PARTS) ?? "") ?? [];
  return Array.from({ length: Number(count) }, (_, index) => partKey(file, id, index));
}

/** Whether the page's own origin named a file, in a manifest. */
export function isOwn(facts: Facts | null | undefined): boolean {
  const manifest = facts?.manifest;
  return manifest !== undefined && new URL(manifest.url).origin === globalThis.origin;
}

/** An address as it is sent to a server. */
export function withoutFragment(address: string): string {
  const url = new URL(address);
  url.hash = "";
  return url.href;
}

/** Whether so many bytes may fit; also true where the browser does not report its quota. */
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
  if (!(await WeightCache.open())) return;
  await caches.delete(NAME);
  await clearBeside();
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
