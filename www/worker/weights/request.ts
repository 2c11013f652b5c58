import { ResNetError, toResNetError } from "../../protocol/errors";
import { inTime, type RetryPolicy, unlessAborted } from "./retry-policy";

/** A fault that may be over at the next try: a broken connection, a busy server. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** Whether the server itself said so. */
  readonly answered: boolean;
  /** How many milliseconds the server asks to wait. */
  readonly wait: number | null;

  constructor(
    message: string,
    { answered = false, wait = null, cause }: Partial<Interruption> & ErrorOptions = {},
  ) {
    super(message, { cause });
    this.answered = answered;
    this.wait = wait;
  }
}

/** The interruption that caused an error, if one did. */
export function interruptionOf(thrown: unknown): Interruption | null {
  if (thrown instanceof Interruption) return thrown;
  const cause = thrown instanceof Error ? thrown.cause : null;
  return cause instanceof Interruption ? cause : null;
}

/** What is expected at an address, for an error's text. */
export type What = "weights" | "a manifest" | "a list of files" | "a description";

/** One request to a server. */
export interface HttpRequest {
  url: string;
  what: What;
  method?: "GET" | "HEAD";
  headers?: Record<string, string>;
  cache: RequestCache;
  /** A status that the caller handles itself, besides those of success. */
  accept?: number;
  /** With no byte for so many milliseconds, the connection counts as broken. */
  silence: number;
  signal: AbortSignal;
}

/** A response whose body has not been read. */
export interface UnreadResponse {
  response: Response;
  /** Ends the connection; the rest of the body is not received. */
  stop(): void;
}

/**
 * Sends one request. Fails with an {@link Interruption} if trying again may help, with a {@link ResNetError} if not,
 * and with the signal's reason if that is aborted.
 */
export async function send(
  request: HttpRequest,
  retryPolicy: RetryPolicy,
): Promise<UnreadResponse> {
  const { url, method = "GET", headers = {}, cache, silence, signal } = request;
  signal.throwIfAborted();
  const connection = new AbortController();
  const stop = () => connection.abort();
  let response: Response;
  try {
    const fetching = fetch(url, {
      ...discreet(url),
      method,
      headers,
      cache,
      signal: connection.signal,
    });
    const late = () => new Error(`no answer within ${silence / 1000} seconds`);
    response = await unlessAborted(inTime(fetching, silence, late), signal);
  } catch (cause) {
    stop();
    signal.throwIfAborted();
    throw new Interruption(unreachable(url, cause), { cause });
  }
  const fault = faultOf(response, request, retryPolicy);
  if (!fault) return { response, stop };
  stop();
  throw fault;
}

function faultOf(
  response: Response,
  { url, what, accept }: HttpRequest,
  retryPolicy: RetryPolicy,
): Error | undefined {
  const { status, statusText, headers } = response;
  if (status === accept) return undefined;
  if (!response.ok) {
    const answered = `The server answered ${`${status} ${statusText}`.trim()} for ${url}.`;
    if (status !== 408 && status !== 425 && status !== 429 && status < 500) {
      return new ResNetError("weights-download", `${answered} Check the address and try again.`);
    }
    const wait = retryAfter(headers, retryPolicy);
    const when = wait === null ? "later" : `in ${Math.ceil(wait / 1000)} seconds`;
    return new Interruption(`${answered} Try again ${when}.`, { answered: true, wait });
  }
  if (/^\s*text\/html\b/i.test(headers.get("content-type") ?? "")) {
    return new ResNetError(
      "weights-download",
      `${url} answered with a web page instead of ${what}. Check the address.`,
    );
  }
  return undefined;
}

/**
 * Whether the browser holds back headers that this server does not expose, and asks before it sends unusual ones. Outside of
 * browsers nothing does: there is no origin.
 */
export function isForeign(url: string): boolean {
  return globalThis.origin !== undefined && new URL(url).origin !== globalThis.origin;
}

/** How to fetch without saying which page asks, or who. */
export function discreet(url: string): Pick<RequestInit, "referrerPolicy" | "credentials"> {
  // Workers do not take over the page's policy.
  return { referrerPolicy: "no-referrer", credentials: isForeign(url) ? "omit" : "same-origin" };
}

function unreachable(url: string, cause: unknown): string {
  if (!isForeign(url)) {
    const why = toResNetError(cause).message;
    return `${url} could not be reached: ${why}. Check the connection and try again.`;
  }
  return (
    `${url} could not be reached: either the connection failed, or ${new URL(url).host} does not allow pages of ` +
    `${globalThis.origin} to read it by CORS (Access-Control-Allow-Origin); the browser does not report which. ` +
    "Check the connection and the address, or use a server that allows it."
  );
}

/** The wait a server asks for: seconds or a date. */
function retryAfter(headers: Headers, { now }: RetryPolicy): number | null {
  const value = headers.get("retry-after")?.trim();
  if (!value) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now());
}

/** What distinguishes one version of an address from the next. */
export interface Version {
  etag: string | null;
  modified: string | null;
  /** The compression: an ETag is of what was sent. */
  encoding: string | null;
}

/** The version that a response is of. */
export function versionOf({ headers }: Response): Version {
  return {
    etag: headers.get("etag"),
    modified: headers.get("last-modified"),
    encoding: headers.get("content-encoding"),
  };
}

/** Whether both are of the same content; null if that is unknown. */
export function isSameVersion(one: Version, other: Version): boolean | null {
  if (one.etag && other.etag && one.encoding === other.encoding) {
    return strong(one.etag) === strong(other.etag);
  }
  if (one.modified && other.modified) return one.modified === other.modified;
  return null;
}

/** Servers mark the ETag of what they compress on the way as weak; its content is the same. */
function strong(etag: string): string {
  return etag.replace(/^W\//, "");
}

/** The length of a body in bytes, or null if it is unknown or that of the compressed body. */
export function lengthOf({ headers }: Response): number | null {
  const length = headers.get("content-length");
  if (length === null || headers.has("content-encoding")) return null;
  return /^\d+$/.test(length) ? Number(length) : null;
}
