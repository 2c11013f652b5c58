import { fileAddress } from "../../files/address";
import { ResNetError } from "../../protocol/errors";
import { interruptionOf } from "./request";
import type { RetryPolicy } from "./retry-policy";
import { fetchSmall } from "./small-file";

/** Names a weight file and says how to tell that it is whole. */
export interface Manifest {
  /** The file's address, seen from the manifest's. */
  file: string;
  bytes: number;
  /** In lower-case hexadecimal digits. */
  sha256: string;
}

/** Whether an address is that of a manifest, not of weights. */
export function isManifest(url: string): boolean {
  return new URL(url).pathname.endsWith(".json");
}

/** What is longer is something else. */
const LONGEST = 1 << 20;

/**
 * Fetches a manifest.
 *
 * @param kept what it said when its file was kept: that has to do where the server cannot be reached
 */
export async function fetchManifest(
  url: string,
  kept: Manifest | null,
  signal: AbortSignal,
  retryPolicy: RetryPolicy,
): Promise<Manifest> {
  try {
    const request = {
      url,
      what: "a manifest",
      most: LONGEST,
      signal,
      hasCopy: kept !== null,
    } as const;
    return parsedManifest(await (await fetchSmall(request, retryPolicy)).text(), url);
  } catch (thrown) {
    if (kept && interruptionOf(thrown)) return kept;
    throw thrown;
  }
}

/**
 * Reads a manifest.
 *
 * @param url where it came from, for the error's text
 * @param base what its file's address is relative to
 */
export function parsedManifest(text: string, url: string, base = url): Manifest {
  let found: Partial<Record<keyof Manifest, unknown>> | null = null;
  try {
    found = JSON.parse(text);
  } catch {
    // Said below.
  }
  const { file, bytes, sha256 } = found ?? {};
  const fits =
    typeof file === "string" &&
    isAddress(file, base) &&
    Number.isSafeInteger(bytes) &&
    (bytes as number) > 0 &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/i.test(sha256);
  if (!fits) {
    throw new ResNetError(
      "weights-download",
      `${url} is no manifest of weights: it needs "file" (an address), "bytes" (its size) and "sha256" (64 hexadecimal digits). Check the address.`,
    );
  }
  return { file, bytes: bytes as number, sha256: sha256.toLowerCase() };
}

function isAddress(file: string, base: string): boolean {
  try {
    return file !== "" && fileAddress(file, base) !== "";
  } catch {
    return false;
  }
}
