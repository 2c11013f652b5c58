import { createReadStream, createWriteStream, existsSync, rmSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileAddress, fileName } from "../../files/address";
import { externalNames } from "../../files/external-data";
import { HUB, isHubName } from "../../files/hub";
import type { Pieces } from "../../files/pieces";
import { ResNetError } from "../../protocol/errors";
import type { Progress } from "../../protocol/types";
import { BESIDE, fetchBeside } from "../../worker/weights/beside";
import { mostBytes } from "../../worker/weights/ceiling";
import { checked, type Expected } from "../../worker/weights/checksum";
import { fetchManifest, isManifest, parsedManifest } from "../../worker/weights/manifest";
import { weightPlace } from "../../worker/weights/repository";
import { Download } from "../../worker/weights/resume";
import { RETRY_POLICY } from "../../worker/weights/retry-policy";
import { checkIsFile, isWebAddress, nameOf, pathOf, whyUnread } from "./address";
import { bytesOf, type InMemory } from "./bytes";
import type { ByteLocation } from "./engine/file-bytes";
import { MOST_SMALL, readUpTo } from "./read-up-to";

/**
 * Where weights come from in Node: a weight file or a manifest (`.json`), by its path or its `file:`, `http:` or `https:`
 * address; a model on the Hugging Face Hub, `hf:owner/name@revision`; or a weight file's bytes. A `config.json` and a
 * `preprocessor_config.json` beside the file count where it says nothing itself.
 *
 * A file on disk is read by ranges and is never in memory as a whole. One from the web is kept in the system's folder for
 * temporary files as long as the classifier may need it, at most until the process exits. A process that a signal ends without a
 * handler of its own leaves it there.
 */
export type NodeWeightSource = string | URL | Uint8Array | ArrayBuffer | Blob;

/** A weight file that is here. */
export interface LocalWeights {
  location: ByteLocation;
  /** Its own name, where it has one. */
  name?: string;
  /** Configurations that are beside it. */
  beside: Uint8Array<ArrayBuffer>[];
  /** The files in which it has weights, as ONNX models may. */
  external: { name: string; location: ByteLocation }[];
  /** Removes what was downloaded. */
  remove: () => Promise<void>;
}

/** How weights are fetched and checked. */
export interface WeightFileOptions {
  /** The file's SHA-256 in hexadecimal digits. */
  sha256?: string | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  signal: AbortSignal;
}

/** Finds or fetches a weight file and checks it, as far as its size and SHA-256 are known. */
export async function localWeights(
  source: NodeWeightSource,
  options: WeightFileOptions,
): Promise<LocalWeights> {
  const sha256 = options.sha256?.toLowerCase() ?? null;
  if (typeof source !== "string" && !(source instanceof URL)) {
    const bytes = await bytesOf(source);
    await drained(checked(inOnePiece(bytes), { bytes: null, sha256 }, "The weight file"), options);
    return { location: { bytes }, beside: [], external: [], remove: async () => {} };
  }
  const start = await readable(source, async () => addressOf(source));
  const { address, beside, ...expected } = await located(start, sha256, options.signal);
  const described = bytesBeside(beside, options.signal);
  // Whatever ends the one fails the other, too.
  described.catch(() => {});
  const file = isWebAddress(address)
    ? await downloaded(address, expected, options)
    : await found(fileURLToPath(address), expected, options);
  return { ...file, beside: await described };
}

/** The configurations beside a weight file, as far as they are there. */
async function bytesBeside(
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>[]> {
  if (addresses.every(isWebAddress)) {
    const files = await fetchBeside(addresses, signal);
    return Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
  }
  const files = addresses.map((address) => smallBytes(fileURLToPath(address), signal));
  const read = await Promise.allSettled(files);
  signal.throwIfAborted();
  return read.flatMap((file) => (file.status === "fulfilled" ? [file.value] : []));
}

/** The bytes of a file that is small: labels, or a configuration. */
export async function smallFile(
  source: string | URL | InMemory,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof source !== "string" && !(source instanceof URL)) return bytesOf(source);
  try {
    const isOnWeb = isWebAddress(source) || isHubName(source);
    if (!isOnWeb) return await smallBytes(pathOf(source), signal);
    const response = await fetch(fileAddress(source, ANY_BASE, hub()), signal ? { signal } : {});
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return response.body ? await readUpTo(MOST_SMALL, response.body) : new Uint8Array();
  } catch (cause) {
    signal?.throwIfAborted();
    const name = isWebAddress(source) ? String(source) : nameOf(source);
    throw new ResNetError(
      "labels",
      `${name} cannot be read: ${whyUnread(cause)}. Check the path or address.`,
      { cause },
    );
  }
}

const smallBytes = (file: string, signal?: AbortSignal) =>
  readUpTo(MOST_SMALL, createReadStream(file, signal ? { signal } : {}));

/** A base for addresses that need none, or of which only the form is checked. */
const ANY_BASE = "https://localhost/";

/** The Hugging Face Hub, or the one that stands in for it: by the variable that Hugging Face's own tools read. */
const hub = () => new URL(process.env.HF_ENDPOINT || HUB).origin;

function addressOf(source: string | URL): string {
  return isWebAddress(source) || isHubName(source)
    ? fileAddress(source, ANY_BASE, hub())
    : pathToFileURL(pathOf(source)).href;
}

/** The weight file's address, and what is expected of it: a manifest says both. */
async function located(
  address: string,
  sha256: string | null,
  signal: AbortSignal,
): Promise<Expected & { address: string; beside: string[] }> {
  if (!isManifest(address)) {
    if (!isWebAddress(address)) {
      const beside = BESIDE.map((name) => new URL(name, address).href);
      return { address, beside, bytes: null, sha256 };
    }
    const none = async () => null;
    const { url, beside } = await weightPlace(address, signal, RETRY_POLICY, none, hub());
    return { address: url, beside, bytes: null, sha256 };
  }
  const manifest = isWebAddress(address)
    ? await fetchManifest(address, null, signal, RETRY_POLICY)
    : parsedManifest(await textOf(fileURLToPath(address)), fileURLToPath(address), ANY_BASE);
  return {
    address: isWebAddress(address)
      ? fileAddress(manifest.file, address)
      : new URL(manifest.file, address).href,
    beside: [],
    bytes: manifest.bytes,
    sha256: sha256 ?? manifest.sha256,
  };
}

async function found(
  file: string,
  expected: Expected,
  options: WeightFileOptions,
): Promise<Omit<LocalWeights, "beside">> {
  const size = await readable(file, async () => {
    const about = await stat(file);
    checkIsFile(about);
    return about.size;
  });
  if (expected.bytes !== null || expected.sha256 !== null) {
    await drained(checked(createReadStream(file), expected, file), options);
  }
  options.onProgress?.({ loaded: size, total: size, cached: true });
  const names = await externalNames(createReadStream(file) as Pieces);
  const external = names
    .map((name) => ({ name, location: { path: path.join(path.dirname(file), name) } }))
    // One that is not there is missed by the reader, which says so.
    .filter(({ location }) => existsSync(location.path));
  return { location: { path: file }, name: path.basename(file), external, remove: async () => {} };
}

/** Where downloads are kept. A process may end without disposing of its classifiers. */
const temporaryFolders = new Set<string>();
let isRemovedAtExit = false;

function removedAtExit(folder: string): void {
  temporaryFolders.add(folder);
  if (isRemovedAtExit) return;
  isRemovedAtExit = true;
  process.once("exit", () => {
    for (const left of temporaryFolders) rmSync(left, { recursive: true, force: true });
  });
}

async function downloaded(
  address: string,
  expected: Expected,
  { onProgress, signal }: WeightFileOptions,
): Promise<Omit<LocalWeights, "beside">> {
  const folder = await mkdtemp(path.join(tmpdir(), "resnet-web-"));
  removedAtExit(folder);
  const remove = async () => {
    temporaryFolders.delete(folder);
    await rm(folder, { recursive: true, force: true });
  };
  let loaded = 0;
  /** Fetches one file. */
  const fetched = async (url: string, expected: Expected, file: string) => {
    const { bytes, sha256 } = expected;
    const download = await Download.open(
      {
        url,
        what: "weights",
        bytes,
        most: mostBytes(),
        checked: sha256 !== null,
        cache: "no-store",
        signal,
      },
      RETRY_POLICY,
    );
    const before = loaded;
    const counted = async function* () {
      for await (const piece of download.pieces()) {
        loaded += piece.length;
        const total = download.total === null ? null : before + download.total;
        onProgress?.({ loaded, total, cached: false });
        yield piece;
      }
    };
    await pipeline(checked(counted(), expected, url), createWriteStream(file), { signal });
    return { path: file };
  };
  try {
    const location = await fetched(address, expected, path.join(folder, "weights"));
    const external: LocalWeights["external"] = [];
    for (const name of await externalNames(createReadStream(location.path) as Pieces)) {
      const url = new URL(encodeURIComponent(name), address).href;
      const file = path.join(folder, `external-${external.length}`);
      const unknown = { bytes: null, sha256: null };
      external.push({ name, location: await fetched(url, unknown, file) });
    }
    return { location, name: fileName(address), external, remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

async function* inOnePiece(bytes: Uint8Array<ArrayBuffer>) {
  yield bytes;
}

/** Reads all of a file, for its check. */
async function drained(
  pieces: AsyncIterable<unknown>,
  { signal }: WeightFileOptions,
): Promise<void> {
  for await (const _ of pieces) signal.throwIfAborted();
}

const textOf = (file: string) =>
  readable(file, async () => new TextDecoder().decode(await smallBytes(file)));

async function readable<T>(file: string | URL, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new ResNetError(
      "weights-unreadable",
      `The weight file ${nameOf(file)} cannot be read: ${whyUnread(cause)}. Check the path.`,
      { cause },
    );
  }
}
