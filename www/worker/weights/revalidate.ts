import type { Copy } from "./cache";
import { Interruption, interruptionOf, isForeign, isSameVersion, send, versionOf } from "./request";
import { Download, type DownloadRequest } from "./resume";
import type { RetryPolicy } from "./retry-policy";

/**
 * Asks the server for what is newer than a copy. Null if nothing is, or if the server cannot be reached: then the copy
 * has to do.
 */
export async function newerThan(
  copy: Copy,
  request: DownloadRequest,
  retryPolicy: RetryPolicy,
): Promise<Download | null> {
  const { version } = copy;
  try {
    // Weights of the same network are of the same length, so the length says nothing.
    if (version.etag || version.modified) {
      if (!isForeign(request.url)) {
        try {
          return await Download.openNewer(version, request, retryPolicy);
        } catch (thrown) {
          // An address that leads to another origin is one that may refuse conditions.
          if (interruptionOf(thrown)?.answered !== false) throw thrown;
        }
      }
      if (await isCurrent(copy, request, retryPolicy)) return null;
    }
    return await Download.openNewer(null, request, retryPolicy);
  } catch (thrown) {
    if (interruptionOf(thrown)) return null;
    throw thrown;
  }
}

/** Asks without conditions, which a server of another origin would have to allow first. */
async function isCurrent(
  { version }: Copy,
  { url, what, signal }: DownloadRequest,
  retryPolicy: RetryPolicy,
): Promise<boolean> {
  try {
    const { response, stop } = await send(
      {
        url,
        what,
        method: "HEAD",
        cache: "no-store",
        silence: retryPolicy.silenceWithCopy,
        signal,
      },
      retryPolicy,
    );
    stop();
    const current = versionOf(response);
    return isSameVersion({ ...version, encoding: current.encoding }, current) === true;
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof Interruption) throw thrown;
    // Many servers refuse this kind of question. What they think of the address itself is asked next.
    return false;
  }
}
