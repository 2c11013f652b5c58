import { ResNetError, toResNetError } from "../lib/errors";
import type { Progress } from "../lib/types";

/** Names a weight file and says how to tell that it is whole. */
interface Manifest {
  file: string;
  bytes: number;
  sha256: string;
}

const CACHE = "resnet-web-weights";

/**
 * Fetches a weight file, from this browser's cache where it is there.
 *
 * @param weights the file's address, or that of a manifest (`.json`) with its size and SHA-256; only with a manifest
 *   is the file checked and cached
 */
export async function fetchWeights(
  weights: string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Uint8Array> {
  if (!new URL(weights).pathname.endsWith(".json")) {
    return read(await request(weights, signal), null, signal, (loaded, total) =>
      onProgress({ loaded, total, cached: false }),
    );
  }
  const manifest = await fetchManifest(weights, signal);
  const url = new URL(manifest.file, weights).href;
  const whole = async (response: Response, cached: boolean) => {
    const bytes = await read(response, manifest.bytes, signal, (loaded, total) =>
      onProgress({ loaded, total, cached }),
    );
    await check(bytes, manifest, url);
    return bytes;
  };
  const stored = await fromCache(url, manifest);
  if (stored) {
    try {
      return await whole(stored, true);
    } catch {
      // Damaged on disk, or cancelled: the download replaces the one and hears of the other.
    }
  }
  const bytes = await whole(await request(url, signal), false);
  await toCache(url, manifest, bytes);
  return bytes;
}

async function fetchManifest(url: string, signal: AbortSignal): Promise<Manifest> {
  const response = await request(url, signal);
  const manifest: Partial<Manifest> | null = await response.json().catch(() => null);
  if (!manifest?.file || !manifest.bytes || !manifest.sha256) {
    throw new ResNetError(
      "weights-download",
      `${url} is no manifest of weights: it needs "file", "bytes" and "sha256". Check the address.`,
    );
  }
  return manifest as Manifest;
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new ResNetError(
      "weights-download",
      `${url} could not be reached: ${toResNetError(cause).message}. Check the connection and try again.`,
      { cause },
    );
  }
  if (!response.ok) {
    throw new ResNetError(
      "weights-download",
      `The server answered ${response.status} ${response.statusText} for ${url}. Check the address and try again.`,
    );
  }
  return response;
}

/** Reads a body piece by piece. `expected` bytes are right even where the length is not told or is the compressed one. */
async function read(
  response: Response,
  expected: number | null,
  signal: AbortSignal,
  onProgress: (loaded: number, total: number | null) => void,
): Promise<Uint8Array> {
  const compressed = response.headers.has("content-encoding");
  const length = compressed ? null : Number(response.headers.get("content-length")) || null;
  const total = expected ?? length;
  let bytes = new Uint8Array(total ?? 1 << 20);
  let loaded = 0;
  onProgress(0, total);
  try {
    const reader = response.body?.getReader();
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) break;
      if (loaded + piece.value.length > bytes.length) {
        const larger = new Uint8Array(Math.max(2 * bytes.length, loaded + piece.value.length));
        larger.set(bytes.subarray(0, loaded));
        bytes = larger;
      }
      bytes.set(piece.value, loaded);
      loaded += piece.value.length;
      onProgress(loaded, total);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new ResNetError(
      "weights-download",
      `The download of ${response.url} broke off after ${loaded} bytes. Check the connection and try again.`,
      { cause },
    );
  }
  return bytes.subarray(0, loaded);
}

async function check(bytes: Uint8Array, manifest: Manifest, url: string): Promise<void> {
  const fault = (what: string) =>
    new ResNetError(
      "weights-checksum",
      `${url} ${what}. The file is damaged or was changed: load it again.`,
    );
  if (bytes.length !== manifest.bytes) {
    throw fault(`has ${bytes.length} bytes instead of ${manifest.bytes}`);
  }
  // Only on pages served over HTTPS or from this machine; without it the length has to do.
  if (!globalThis.crypto?.subtle) return;
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  if (hex !== manifest.sha256) throw fault(`has SHA-256 ${hex} instead of ${manifest.sha256}`);
}

/** The cache's key: another content is another entry. */
function key(url: string, manifest: Manifest): string {
  const keyed = new URL(url);
  keyed.searchParams.set("sha256", manifest.sha256);
  return keyed.href;
}

async function fromCache(url: string, manifest: Manifest): Promise<Response | undefined> {
  try {
    return await (await caches.open(CACHE)).match(key(url, manifest));
  } catch {
    // No cache here (a private window, a page without HTTPS): the network has it.
    return undefined;
  }
}

async function toCache(url: string, manifest: Manifest, bytes: Uint8Array): Promise<void> {
  try {
    const cache = await caches.open(CACHE);
    // Earlier contents of the same address are of no use any more.
    await cache.delete(url, { ignoreSearch: true });
    await cache.put(key(url, manifest), new Response(bytes as Uint8Array<ArrayBuffer>));
  } catch {
    // No cache, or no room in it: the model works from memory, and the next visit downloads again.
  }
}
