import { fileAddress } from "../../lib/address";
import { ResNetError } from "../../lib/errors";
import type { Progress } from "../../lib/types";
import { gathered, piecesOf } from "./blobs";
import { BlockDigests } from "./blocks";
import { type Copy, hasRoomFor, type NamedBy, type NotKept, WeightCache } from "./cache";
import { checked, checkLength, type Expected, type Pieces } from "./checksum";
import { fetchManifest } from "./manifest";
import { PATIENCE, type Patience } from "./patience";
import { Download, type DownloadRequest } from "./resume";
import { newerThan } from "./revalidate";

export { cachedWeights, clearWeights } from "./cache";

/** A weight file that is here. */
export interface FetchedWeights {
  /** Its bytes, which the browser may have on disk: read it by slices. */
  blob: Blob;
  /** The file's own name, from its address. */
  name: string;
  /** Whether the browser kept it, and if not, why. */
  kept: { cached: true } | { cached: false; reason: NotKept };
}

/** Which weights to fetch. */
export interface WeightRequest {
  /** The address of a weight file, or of a manifest (`.json`) that names one with its size and SHA-256. */
  url: string;
  /** The file's SHA-256 in hexadecimal digits. */
  sha256?: string;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** A weight file, wherever it may be. */
interface Wanted extends Expected {
  url: string;
  /** The cache's key. A file that is known by its SHA-256 has one for each content. */
  key: string;
  /** The manifest that names it. */
  manifest?: NamedBy;
}

/** Fetches a weight file, from this browser's cache where it is there. */
export async function fetchWeights(
  request: WeightRequest,
  patience: Patience = PATIENCE,
): Promise<FetchedWeights> {
  const { signal, onProgress } = request;
  const opened = await WeightCache.open();
  const wanted = await identified(request, opened, patience);
  const { url, key, bytes, sha256, manifest } = wanted;
  const name = nameOf(url);
  const cache = /^https?:/.test(url) ? opened : null;
  const asked: DownloadRequest = {
    url,
    what: "weights",
    bytes,
    checked: sha256 !== null,
    // What goes into the one cache need not be in the browser's other, too.
    cache: cache ? "no-store" : "no-cache",
    signal,
  };

  const found = cache && (await lookUp(cache, wanted, asked, onProgress, patience));
  if (found instanceof Blob) return { blob: found, name, kept: { cached: true } };
  if (cache && sha256 !== null) await cache.dropThose((other) => isOlder(other, wanted));

  let download = found ?? (await Download.open(asked, patience));
  try {
    if (download.length !== null) checkLength(download.length, wanted, url);
    let reason: NotKept = cache ? "quota" : "unavailable";
    if (cache && (await hasRoomFor(download.total))) {
      const arriving = counted(download, wanted, onProgress);
      const stored = await cache.store(key, arriving, download.version, manifest);
      signal.throwIfAborted();
      if (stored instanceof Blob) return { blob: stored, name, kept: { cached: true } };
      // What came went into the cache, and is lost with it.
      reason = stored;
      download.cancel();
      download = await Download.open({ ...asked, cache: "no-cache" }, patience);
    }
    const blob = await gathered(counted(download, wanted, onProgress));
    return { blob, name, kept: { cached: false, reason } };
  } finally {
    download.cancel();
  }
}

/** Finds out which file is wanted: the one at the address, or the one that a manifest there names. */
async function identified(
  { url, sha256: expected, signal }: WeightRequest,
  cache: WeightCache | null,
  patience: Patience,
): Promise<Wanted> {
  signal.throwIfAborted();
  const sha256 = expected?.toLowerCase() ?? null;
  if (!new URL(url).pathname.endsWith(".json")) {
    return { url, key: keyOf(url, sha256), bytes: null, sha256 };
  }
  const kept = (await cache?.manifest(url)) ?? null;
  const manifest = await fetchManifest(url, kept, signal, patience);
  if (sha256 !== null && sha256 !== manifest.sha256) {
    throw new ResNetError(
      "weights-checksum",
      `${url} names a file with SHA-256 ${manifest.sha256}, but ${sha256} is expected. Check which of the two is right.`,
    );
  }
  const file = fileAddress(manifest.file, url);
  const { bytes } = manifest;
  const key = keyOf(file, manifest.sha256);
  return { url: file, key, bytes, sha256: manifest.sha256, manifest: { url, says: manifest } };
}

/** Looks into the cache. Gives the file if it is there, or a download if the server has a newer one. */
async function lookUp(
  cache: WeightCache,
  wanted: Wanted,
  asked: DownloadRequest,
  onProgress: (progress: Progress) => void,
  patience: Patience,
): Promise<Blob | Download | null> {
  const { key, sha256, manifest } = wanted;
  const { signal } = asked;
  const copy = await cache.find(key);
  if (!copy) return null;
  if (sha256 === null) {
    const newer = await newerThan(copy, asked, patience);
    if (newer) return newer;
  }
  const digests = await digestsIfWhole(copy, wanted, signal, onProgress);
  if (!digests) {
    await cache.drop(key);
    return null;
  }
  await cache.touch(key, { bytes: copy.blob.size, digests, manifest });
  return copy.blob;
}

/** Drops what the browser keeps from an address: what turned out to be no weights is not worth its room. */
export async function forgetWeights(url: string): Promise<void> {
  const cache = await WeightCache.open();
  await cache?.dropThose((key) => addressOf(key) === addressOf(url));
}

/** Reads a copy through. Gives its digests, or null if it is damaged. */
async function digestsIfWhole(
  { blob, digests }: Copy,
  wanted: Wanted,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<string[] | null> {
  const total = blob.size;
  const blocks = new BlockDigests();
  const pieces = blocks.of(piecesOf(blob, signal));
  let loaded = 0;
  onProgress({ loaded, total, cached: true });
  try {
    checkLength(total, wanted, wanted.url);
    for await (const piece of digests ? pieces : checked(pieces, wanted, wanted.url)) {
      loaded += piece.length;
      onProgress({ loaded, total, cached: true });
    }
  } catch {
    signal.throwIfAborted();
    return null;
  }
  return digests && !blocks.equal(digests) ? null : blocks.digests;
}

/** A download's bytes, checked, with word of how far it is. */
async function* counted(
  download: Download,
  wanted: Wanted,
  onProgress: (progress: Progress) => void,
): Pieces {
  let loaded = 0;
  onProgress({ loaded, total: download.total, cached: false });
  for await (const piece of checked(download.pieces(), wanted, wanted.url)) {
    loaded += piece.length;
    onProgress({ loaded, total: download.total, cached: false });
    yield piece;
  }
}

/** The cache's key: another content that is known as such is another entry. */
function keyOf(url: string, sha256: string | null): string {
  const key = new URL(url);
  key.hash = "";
  if (sha256 !== null) key.searchParams.set("sha256", sha256);
  return key.href;
}

/** Whether a key is for another content of the same address. */
function isOlder(key: string, wanted: Wanted): boolean {
  return key !== wanted.key && addressOf(key) === addressOf(wanted.key);
}

function addressOf(key: string): string {
  const url = new URL(key);
  url.searchParams.delete("sha256");
  // Written in the same way, whether something was deleted or not.
  return url.origin + url.pathname + url.searchParams;
}

function nameOf(url: string): string {
  const { pathname, hostname } = new URL(url);
  const last = pathname.split("/").filter(Boolean).at(-1) ?? hostname;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
