import type { Copy } from "./cache";
import type { Patience } from "./patience";
import { Interruption, interruptionOf, isForeign, isSameVersion, send, versionOf } from "./request";
import { Download, type DownloadRequest } from "./resume";

/**
 * Asks the server for what is newer than a copy. Null if nothing is, or if the server cannot be reached: then the copy
 * has to do.
 */
export async function newerThan(
  copy: Copy,
  request: DownloadRequest,
  patience: Patience,
): Promise<Download | null> {
  const { version } = copy;
  try {
    // Weights of the same network are of the same length, so that tells nothing.
    if (version.etag || version.modified) {
      if (!isForeign(request.url)) {
        try {
          return await Download.openNewer(version, request, patience);
        } catch (thrown) {
          // An address that leads to another origin is one that may refuse conditions.
          if (interruptionOf(thrown)?.answered !== false) throw thrown;
        }
      }
      if (await isCurrent(copy, request, patience)) return null;
    }
    return await Download.openNewer(null, request, patience);
  } catch (thrown) {
    if (interruptionOf(thrown)) return null;
    throw thrown;
  }
}

/** Asks without conditions, which a server of another origin would have to allow first. */
async function isCurrent(
  { version }: Copy,
  { url, what, signal }: DownloadRequest,
  patience: Patience,
): Promise<boolean> {
  try {
    const { response, stop } = await send(
      { url, what, method: "HEAD", cache: "no-store", silence: patience.silenceWithCopy, signal },
      patience,
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
