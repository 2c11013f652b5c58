import { hubRepository } from "../../files/hub";
import type { WeightsPreview } from "../../protocol/types";
import { keyOfAddress, keyOfContent, WeightCache } from "./cache";
import { fetchManifest, isManifest } from "./manifest";
import { weightPlace } from "./repository";
import { lengthOf, send } from "./request";
import { RETRY_POLICY, type RetryPolicy } from "./retry-policy";

/**
 * What is known of weights before they are downloaded. Of a file that is kept no server is asked; else it is asked once,
 * and what it does not say is not known.
 */
export async function previewWeights(
  url: string,
  retryPolicy: RetryPolicy = RETRY_POLICY,
): Promise<WeightsPreview> {
  const { host } = new URL(url);
  // A person waits for it.
  const hasty = {
    ...retryPolicy,
    silence: retryPolicy.silenceWithCopy,
    retries: 0,
    retriesBeforeAnswer: 0,
  };
  const cache = await WeightCache.open();
  const repository = hubRepository(url);
  if (repository) {
    const address = (await cache?.addressWithin(repository.files)) ?? (await addressIn(url, hasty));
    return address === null
      ? { host, bytes: null, kept: false }
      : previewWeights(address, retryPolicy);
  }
  if (!isManifest(url)) {
    const copy = await cache?.find(keyOfAddress(url));
    if (copy) return { host, bytes: copy.blob.size, kept: true };
    return { host, bytes: await lengthAt(url, hasty), kept: false };
  }
  const known = await cache?.manifest(url);
  const copy = known && (await cache?.find(keyOfContent(known.sha256)));
  if (copy) return { host, bytes: copy.blob.size, kept: true };
  try {
    const { file, bytes } = await fetchManifest(url, null, new AbortController().signal, hasty);
    return { host: new URL(file, url).host, bytes, kept: false };
  } catch {
    // Loading reports what is wrong.
    return { host, bytes: null, kept: false };
  }
}

/** The address of the weights in a repository, or null if they cannot be found: loading reports why. */
async function addressIn(repository: string, retryPolicy: RetryPolicy): Promise<string | null> {
  const { signal } = new AbortController();
  try {
    return (await weightPlace(repository, signal, retryPolicy, async () => null)).url;
  } catch {
    return null;
  }
}

/** The length of the file at an address, or null if the server does not state it. */
async function lengthAt(url: string, retryPolicy: RetryPolicy): Promise<number | null> {
  const { silence } = retryPolicy;
  const { signal } = new AbortController();
  try {
    const { response, stop } = await send(
      { url, what: "weights", method: "HEAD", cache: "no-store", silence, signal },
      retryPolicy,
    );
    stop();
    return lengthOf(response);
  } catch {
    return null;
  }
}
