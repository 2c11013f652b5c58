import { fileAddress, fileName } from "../../files/address";
import { beginning, canBeWeights, joined } from "../../files/beginning";
import { externalNames } from "../../files/external-data";
import { hubRepository } from "../../files/hub";
import { piecesOf } from "../../files/pieces";
import { ResNetError } from "../../protocol/errors";
import type { ExternalFile, Progress } from "../../protocol/types";
import { describesItself, fetchBeside } from "./beside";
import { gathered } from "./blobs";
import { BlockDigests } from "./blocks";
import {
  type Copy,
  type Facts,
  hasRoomFor,
  isOwn,
  keyOfAddress,
  keyOfContent,
  type NotKept,
  WeightCache,
  withoutFragment,
} from "./cache";
import { mostBytes, tooLarge } from "./ceiling";
import { checked, checkLength, type Expected } from "./checksum";
import { fetchManifest, isManifest } from "./manifest";
import { weightPlace } from "./repository";
import { Download, type DownloadRequest } from "./resume";
import { RETRY_POLICY, type RetryPolicy } from "./retry-policy";
import { newerThan } from "./revalidate";
import { inTurn } from "./turn";

export { cachedWeights, clearWeights } from "./cache";
export { previewWeights } from "./preview";

/** A weight file that is here. */
export interface FetchedWeights {
  /** Its bytes, which the browser may have on disk: read it by slices. */
  blob: Blob;
  /** The file's own name, from its address. */
  name: string;
  /** Whether the browser kept it, and if not, why. */
  kept: { cached: true } | { cached: false; reason: NotKept };
}

/** A weight file, those beside it that describe it, and those that have a part of it. */
export interface DescribedWeights extends FetchedWeights {
  beside: Blob[];
  external: ExternalFile[];
}

/**
 * Fetches a weight file, what describes it beside it, and an ONNX model's external data there. The address may be that of a repository on the Hugging Face Hub.
 */
export async function fetchDescribedWeights(
  request: WeightRequest,
  retryPolicy: RetryPolicy = RETRY_POLICY,
): Promise<DescribedWeights> {
  const { signal } = request;
  const kept = async (files: string) => (await WeightCache.open())?.addressWithin(files) ?? null;
  const place = await weightPlace(request.url, signal, retryPolicy, kept);
  const file = await fetchWeights({ ...request, url: place.url }, retryPolicy);
  const external = await fetchExternal(file.blob, { ...request, url: place.url }, retryPolicy);
  // A file that says all of itself needs no others, which mostly are not there: browsers report that as an error.
  const beside = (await describesItself(file.blob)) ? [] : place.beside;
  return { ...file, beside: await fetchBeside(beside, signal, retryPolicy), external };
}

/** Fetches the files in which an ONNX model has weights, from beside it. */
async function fetchExternal(
  model: Blob,
  { url, signal, onProgress }: WeightRequest,
  retryPolicy: RetryPolicy,
): Promise<ExternalFile[]> {
  const external: ExternalFile[] = [];
  let before = model.size;
  for (const name of await externalNames(piecesOf(model, signal))) {
    const { blob } = await fetchWeights(
      {
        url: new URL(encodeURIComponent(name), url).href,
        signal,
        isExternal: true,
        onProgress({ loaded, total, cached }) {
          const all = total === null ? null : before + total;
          onProgress({ loaded: before + loaded, total: all, cached });
        },
      },
      retryPolicy,
    );
    before += blob.size;
    external.push({ name, blob });
  }
  return external;
}

/** Which weights to fetch. */
export interface WeightRequest {
  /** The address of a weight file, or of a manifest (`.json`) that names one with its size and SHA-256. */
  url: string;
  /** The file's SHA-256 in hexadecimal digits. */
  sha256?: string;
  /** Whether it is a file of external data, which may begin with anything. */
  isExternal?: boolean;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** A weight file, wherever it may be; what of it is expected is certain once it is here. */
interface Wanted extends Expected, Facts {
  /** The cache's key. */
  key: string;
  isExternal: boolean;
}

/**
 * Fetches a weight file, from this browser's cache where it is there.
 *
 * What does not begin as weights is not fetched any further: it comes back as far as it is there, for the reader to say what
 * it is.
 */
export async function fetchWeights(
  request: WeightRequest,
  retryPolicy: RetryPolicy = RETRY_POLICY,
  most: number = mostBytes(),
): Promise<FetchedWeights> {
  const opened = await WeightCache.open();
  await opened?.tidy();
  const wanted = await identified(request, opened, retryPolicy);
  const { url, key, bytes } = wanted;
  if (bytes !== null && bytes > most) throw tooLarge(url, bytes, most);
  const { signal, onProgress } = request;
  const cache = /^https?:/.test(url) ? opened : null;
  const asked: DownloadRequest = {
    url,
    what: "weights",
    bytes,
    most,
    checked: wanted.sha256 !== null,
    // What goes into the one cache need not be in the browser's other, too.
    cache: cache ? "no-store" : "no-cache",
    signal,
  };
  if (!cache) {
    const download = await Download.open(asked, retryPolicy);
    return downloaded(download, wanted, null, onProgress);
  }
  const here = async (onProgress: WeightRequest["onProgress"]) => {
    const found = await lookUp(cache, wanted, asked, onProgress, retryPolicy);
    if (!(found instanceof Blob)) return found;
    if (found.size > most) throw tooLarge(url, found.size, most);
    return { blob: found, name: fileName(url), kept: { cached: true as const } };
  };
  // No need to wait for what is here.
  let found = await here(onProgress);
  if (found && !(found instanceof Download)) return found;
  return inTurn({ key, signal, onProgress }, retryPolicy, async (onProgress, waited) => {
    if (waited) {
      if (found instanceof Download) found.cancel();
      found = await here(onProgress);
      if (found && !(found instanceof Download)) return found;
    }
    if (wanted.sha256 !== null) await cache.dropThose((facts) => isOlder(facts, wanted));
    const download = found instanceof Download ? found : await Download.open(asked, retryPolicy);
    return downloaded(download, wanted, cache, onProgress);
  });
}

/** Takes a download's bytes, into the cache if they are to be kept and there is room. */
async function downloaded(
  download: Download,
  wanted: Wanted,
  cache: WeightCache | null,
  onProgress: (progress: Progress) => void,
): Promise<FetchedWeights> {
  const { url, key } = wanted;
  const name = fileName(url);
  try {
    if (download.length !== null) checkLength(download.length, wanted, url);
    const pieces = counted(download, wanted, onProgress);
    const start = await beginning(pieces);
    const read = new Blob(start);
    if (!wanted.isExternal && !canBeWeights(new Uint8Array(await read.arrayBuffer()))) {
      return { blob: read, name, kept: { cached: false, reason: "unavailable" } };
    }
    const arriving = joined(start, pieces);
    const reason = await whyNotKept(cache, download.total, wanted);
    if (!cache || reason) {
      return {
        blob: await gathered(arriving),
        name,
        kept: { cached: false, reason: reason ?? "unavailable" },
      };
    }
    const { blob, notKept } = await cache.store(key, arriving, wanted, () => download.version);
    return { blob, name, kept: notKept ? { cached: false, reason: notKept } : { cached: true } };
  } finally {
    download.cancel();
  }
}

/** Finds out which file is wanted: the one at the address, or the one that a manifest there names. */
async function identified(
  { url, sha256: expected, isExternal = false, signal }: WeightRequest,
  cache: WeightCache | null,
  retryPolicy: RetryPolicy,
): Promise<Wanted> {
  signal.throwIfAborted();
  const sha256 = expected?.toLowerCase() ?? null;
  if (!isManifest(url)) {
    const key = sha256 === null ? keyOfAddress(url) : keyOfContent(sha256);
    return { url: withoutFragment(url), key, bytes: null, sha256, isExternal };
  }
  const kept = (await cache?.manifest(url)) ?? null;
  const manifest = await fetchManifest(url, kept, signal, retryPolicy);
  if (sha256 !== null && sha256 !== manifest.sha256) {
    throw new ResNetError(
      "weights-checksum",
      `${url} names a file with SHA-256 ${manifest.sha256}, but ${sha256} is expected. Check which of the two is right.`,
    );
  }
  const file = fileAddress(manifest.file, url);
  const { bytes } = manifest;
  const key = keyOfContent(manifest.sha256);
  return {
    url: withoutFragment(file),
    key,
    bytes,
    sha256: manifest.sha256,
    isExternal,
    manifest: { url, says: manifest },
  };
}

/** Looks into the cache. Gives the file if it is there, or a download if the server has a newer one. */
async function lookUp(
  cache: WeightCache,
  wanted: Wanted,
  asked: DownloadRequest,
  onProgress: (progress: Progress) => void,
  retryPolicy: RetryPolicy,
): Promise<Blob | Download | null> {
  const { key, url, sha256, manifest } = wanted;
  const { signal } = asked;
  const copy = await cache.find(key);
  if (!copy) return null;
  if (sha256 === null) {
    const newer = await newerThan(copy, asked, retryPolicy);
    if (newer) return newer;
  }
  const digests = await digestsIfWhole(copy, wanted, signal, onProgress);
  if (!digests) {
    await cache.drop(key);
    return null;
  }
  await cache.touch(key, { url, sha256, manifest, bytes: copy.blob.size, digests });
  return copy.blob;
}

/**
 * Drops what the browser keeps from an address, or of what a manifest there named: what turned out to be no weights is not
 * worth its room.
 */
export async function forgetWeights(url: string): Promise<void> {
  const address = withoutFragment(url);
  const files = hubRepository(url)?.files;
  const cache = await WeightCache.open();
  await cache?.dropThose(
    (facts, key) =>
      facts?.url === address ||
      facts?.manifest?.url === url ||
      key === keyOfAddress(address) ||
      (files !== undefined && facts?.url.startsWith(files) === true),
  );
}

/**
 * Reads a copy through. Gives its digests, or null if it is damaged. Where a SHA-256 is wanted, digests count only if that
 * was seen to be the content's when they were taken.
 */
async function digestsIfWhole(
  { blob, digests: noted, sha256 }: Copy,
  wanted: Wanted,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<string[] | null> {
  const digests = wanted.sha256 === null || wanted.sha256 === sha256 ? noted : null;
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
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let loaded = 0;
  onProgress({ loaded, total: download.total, cached: false });
  for await (const piece of checked(download.pieces(), wanted, wanted.url)) {
    loaded += piece.length;
    onProgress({ loaded, total: download.total, cached: false });
    yield piece;
  }
}

/** Whether a file was at this address, by the word of the same manifest, before the one that is wanted. */
function isOlder(facts: Facts | null, wanted: Wanted): boolean {
  return (
    facts?.url === wanted.url &&
    facts.manifest?.url === wanted.manifest?.url &&
    facts.sha256 !== wanted.sha256
  );
}

/** Why a file of so many bytes will not be kept, if that is known beforehand. */
async function whyNotKept(
  cache: WeightCache | null,
  bytes: number | null,
  wanted: Wanted,
): Promise<NotKept | null> {
  if (!cache) return "unavailable";
  if (await hasRoomFor(bytes)) return null;
  if (!isOwn(wanted)) return "quota";
  // The page's own weights come first.
  await cache.makeRoom();
  return (await hasRoomFor(bytes)) ? null : "quota";
}
