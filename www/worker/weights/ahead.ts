import type { WeightsAhead } from "../../protocol/types";
import { keyOfAddress, keyOfContent, WeightCache } from "./cache";
import { fetchManifest, isManifest } from "./manifest";
import { PATIENCE, type Patience } from "./patience";
import { lengthOf, send } from "./request";

/**
 * What is known of weights before they are downloaded. Of a file that is kept no server is asked; else it is asked once,
 * and what it does not say is not known.
 */
export async function lookAhead(url: string, patience: Patience = PATIENCE): Promise<WeightsAhead> {
  const { host } = new URL(url);
  // Somebody waits for it.
  const hasty = {
    ...patience,
    silence: patience.silenceWithCopy,
    retries: 0,
    retriesBeforeAnswer: 0,
  };
  const cache = await WeightCache.open();
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
    // Said when it is loaded.
    return { host, bytes: null, kept: false };
  }
}

/** The length of the file at an address, or null if the server does not tell. */
async function lengthAt(url: string, patience: Patience): Promise<number | null> {
  const { silence } = patience;
  const { signal } = new AbortController();
  try {
    const { response, stop } = await send(
      { url, what: "weights", method: "HEAD", cache: "no-store", silence, signal },
      patience,
    );
    stop();
    return lengthOf(response);
  } catch {
    return null;
  }
}
