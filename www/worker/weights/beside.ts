import { interruptionOf } from "./request";
import { RETRY_POLICY, type RetryPolicy } from "./retry-policy";
import { fetchSmall } from "./small-file";

/**
 * Files that say what tensors do not, by the names under which Hugging Face and timm put them beside weights. What the first says
 * counts, as with the same list of Rust.
 */
export const BESIDE = ["preprocessor_config.json", "config.json"];

/** Longer ones are something else: a configuration with the names of 21,841 classes has 1.5 MB. */
const LONGEST = 4 << 20;
/** The browser's cache of them, for a visit without a network. */
const CACHE = "resnet-web-descriptions";
/** As many are kept as belong to the weight files that are. */
const MOST_KEPT = 16;

/** The addresses of the files that may be beside weights at an address. */
export function besideAddresses(weights: string, names: readonly string[] = BESIDE): string[] {
  const { protocol } = new URL(weights);
  if (protocol !== "https:" && protocol !== "http:") return [];
  return names.map((name) => new URL(name, weights).href);
}

/** How much of a weight file shows whether it describes itself: the metadata are the first part of what `convert` writes. */
const BEGINNING = 8 << 10;

/** Whether a weight file has metadata of ours with labels, so that no file beside it can add anything. */
export async function describesItself(weights: Blob): Promise<boolean> {
  const beginning = await weights.slice(0, BEGINNING).text();
  return beginning.includes('"resnet-web":"{') && !beginning.includes('\\"labels\\":[]');
}

/** Fetches what is there of these files. That one is not there, or is too long, is no error. */
export async function fetchBeside(
  urls: readonly string[],
  signal: AbortSignal,
  retryPolicy: RetryPolicy = RETRY_POLICY,
): Promise<Blob[]> {
  const hasty = { ...retryPolicy, retries: 0, retriesBeforeAnswer: 0 };
  const cache = await opened();
  const found = await Promise.all(urls.map((url) => description(url, cache, signal, hasty)));
  return found.filter((file) => file !== null);
}

/** Drops all that is kept of such files. */
export async function clearBeside(): Promise<void> {
  await caches.delete(CACHE);
}

/** The cache; null where there is none: a private window, a page without HTTPS, Node. */
async function opened(): Promise<Cache | null> {
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}

async function description(
  url: string,
  cache: Cache | null,
  signal: AbortSignal,
  retryPolicy: RetryPolicy,
): Promise<Blob | null> {
  try {
    const request = { url, what: "a description", most: LONGEST, signal, hasCopy: true } as const;
    const file = await fetchSmall(request, retryPolicy);
    await keep(cache, url, file);
    return file;
  } catch (thrown) {
    signal.throwIfAborted();
    // Weights that are kept are preprocessed in the same way without a network.
    if (interruptionOf(thrown)) return kept(cache, url);
    await cache?.delete(url).catch(() => {});
    return null;
  }
}

async function keep(cache: Cache | null, url: string, file: Blob): Promise<void> {
  try {
    await cache?.put(url, new Response(file));
    const urls = (await cache?.keys()) ?? [];
    for (const old of urls.slice(0, -MOST_KEPT)) await cache?.delete(old);
  } catch {
    // It is fetched again at the next visit.
  }
}

async function kept(cache: Cache | null, url: string): Promise<Blob | null> {
  try {
    return (await (await cache?.match(url))?.blob()) ?? null;
  } catch {
    return null;
  }
}
