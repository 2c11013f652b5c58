import { ResNetError } from "../../protocol/errors";
import { tooLarge } from "./ceiling";
import {
  Interruption,
  isForeign,
  isSameVersion,
  lengthOf,
  send,
  type UnreadResponse,
  type Version,
  versionOf,
  type What,
} from "./request";
import { inTime, pause, type RetryPolicy, unlessAborted } from "./retry-policy";

/** What to download. */
export interface DownloadRequest {
  url: string;
  what: What;
  /** The file's size, if it is known from elsewhere than the response. */
  bytes: number | null;
  /** The most bytes that are fetched, whatever the server says or sends. */
  most: number;
  /** Whether the content is checked afterwards: then parts may be joined whose versions are unknown. */
  checked: boolean;
  cache: RequestCache;
  signal: AbortSignal;
}

/** A file on its way here, on as many connections as it takes. */
export class Download {
  readonly #request: DownloadRequest;
  readonly #retryPolicy: RetryPolicy;
  /** Whether there is a copy at hand: then the server has little time. */
  readonly #dispensable: boolean;
  /** Whether the browser holds back headers of the responses. */
  #foreign: boolean;
  readonly #stop = new AbortController();
  /** The response to the first request, until it is read. */
  #first: UnreadResponse | undefined;
  /** The response to the last request. */
  #latest: UnreadResponse | undefined;
  #version: Version = { etag: null, modified: null, encoding: null };
  /** The file's length according to the server. */
  #length: number | null = null;
  #delivered = 0;
  /** Failures since the last new byte. */
  #failures = 0;
  #answered = false;
  /** Whether it is worth asking for a part. */
  #ranges = true;
  /** Where a body of unknown length ended. */
  #endedAt: number | null = null;

  private constructor(request: DownloadRequest, retryPolicy: RetryPolicy, dispensable: boolean) {
    this.#request = request;
    this.#retryPolicy = retryPolicy;
    this.#dispensable = dispensable;
    this.#foreign = isForeign(request.url);
    const { signal } = request;
    signal.addEventListener("abort", () => this.#stop.abort(signal.reason), { once: true });
    if (signal.aborted) this.#stop.abort(signal.reason);
    // There may be no reader.
    this.#stop.signal.addEventListener("abort", () => this.#latest?.stop());
  }

  /** Sends the first request. With a copy at hand the server is not waited for so long. */
  static async open(
    request: DownloadRequest,
    retryPolicy: RetryPolicy,
    hasCopy = false,
  ): Promise<Download> {
    const download = new Download(request, retryPolicy, hasCopy);
    download.#begin(await download.#opened({}));
    return download;
  }

  /**
   * Sends the first request where a copy is at hand: the server need not send that again, and is not waited for so
   * long. Null if its file is still of that version.
   */
  static async openNewer(
    version: Version | null,
    request: DownloadRequest,
    retryPolicy: RetryPolicy,
  ): Promise<Download | null> {
    const download = new Download(request, retryPolicy, true);
    const headers: Record<string, string> = {};
    if (version?.etag) headers["If-None-Match"] = version.etag;
    if (version?.modified) headers["If-Modified-Since"] = version.modified;
    const unread = await download.#opened(headers, version ? 304 : undefined);
    if (unread.response.status === 304) {
      unread.stop();
      return null;
    }
    download.#begin(unread);
    return download;
  }

  /** What distinguishes this version from the next one at the same address. */
  get version(): Version {
    return this.#version;
  }

  /** The file's length according to the server, if that is sure to be the uncompressed one. */
  get length(): number | null {
    return this.#foreign ? null : this.#length;
  }

  /** Bytes in all, or null while unknown. */
  get total(): number | null {
    return this.#request.bytes ?? this.#length;
  }

  /** Stops it. */
  cancel(): void {
    this.#stop.abort();
  }

  /** The file's bytes, once. */
  async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for (;;) {
      try {
        const next = this.#first ? { unread: this.#first, start: 0 } : await this.#resumed();
        this.#first = undefined;
        if (next) yield* this.#read(next.unread, next.start);
        return;
      } catch (thrown) {
        await this.#pause(thrown);
      }
    }
  }

  async #opened(headers: Record<string, string>, accept?: number): Promise<UnreadResponse> {
    for (;;) {
      try {
        return await this.#send(headers, accept);
      } catch (thrown) {
        await this.#pause(thrown);
      }
    }
  }

  #begin(unread: UnreadResponse): void {
    this.#first = unread;
    this.#version = versionOf(unread.response);
    this.#length = lengthOf(unread.response);
    const { url, most } = this.#request;
    if (this.#length !== null && this.#length > most) {
      unread.stop();
      throw tooLarge(url, this.#length, most);
    }
    // It may have been led on to another origin.
    if (unread.response.type === "cors") this.#foreign = true;
  }

  /** Requests the rest of the file. Null if nothing is missing. */
  async #resumed(): Promise<{ unread: UnreadResponse; start: number } | null> {
    const from = this.#delivered;
    if (from === 0 || !this.#ranges) {
      const unread = await this.#send({});
      this.#insistOnSameVersion(unread, false);
      return { unread, start: 0 };
    }
    const headers: Record<string, string> = { Range: `bytes=${from}-` };
    // A server of another origin would have to allow this header before the browser even asks.
    const condition = this.#foreign ? null : conditionOf(this.#version);
    if (condition) headers["If-Range"] = condition;
    const unread = await this.#send(headers, 416);
    const { response } = unread;
    if (response.status === 416) {
      unread.stop();
      const whole = /^bytes \*\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
      if (Number(whole) === from) return null;
      throw this.#withoutRanges();
    }
    if (response.status !== 206) {
      this.#insistOnSameVersion(unread, false);
      return { unread, start: 0 };
    }
    if (!this.#continues(response, from)) {
      unread.stop();
      throw this.#withoutRanges();
    }
    this.#insistOnSameVersion(unread, condition !== null);
    return { unread, start: from };
  }

  /** Whether a part begins where the last one ended, in a file of the same length. */
  #continues(response: Response, from: number): boolean {
    // The compressed file's bytes, which are others.
    if (response.headers.has("content-encoding")) return false;
    const range = response.headers.get("content-range");
    if (range === null) {
      // Another origin's, held back by the browser: the length of the part has to do.
      const part = lengthOf(response);
      if (!this.#foreign) return false;
      if (part === null) return true;
      this.#length ??= from + part;
      return from + part === this.#length;
    }
    const [, start, whole] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
    if (start === undefined || Number(start) !== from) return false;
    if (whole === "*") return true;
    if (this.#length !== null && this.#length !== Number(whole)) return false;
    this.#length = Number(whole);
    return true;
  }

  #withoutRanges(): Interruption {
    this.#ranges = false;
    return new Interruption(this.#brokeOff(), { answered: true });
  }

  /** Parts of two versions do not make a file. `promised`: the request had a condition that lets the server check that. */
  #insistOnSameVersion({ response, stop }: UnreadResponse, promised: boolean): void {
    if (this.#delivered === 0) {
      this.#version = versionOf(response);
      this.#length = lengthOf(response);
      return;
    }
    const same = isSameVersion(this.#version, versionOf(response));
    if (same === true || (same === null && (promised || this.#request.checked))) return;
    stop();
    if (same === false) throw this.#changed();
    throw new ResNetError(
      "weights-download",
      `The download of ${this.#request.url} broke off after ${this.#delivered} bytes, and the server does not say whether the file is still the same (ETag, Last-Modified): load it again.`,
    );
  }

  async *#read({ response, stop }: UnreadResponse, start: number) {
    let end = response.status === 206 ? this.#length : lengthOf(response);
    let position = start;
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const piece = await this.#next(reader);
        if (!piece) break;
        const known = this.#delivered - position;
        position += piece.length;
        // Longer than announced: compressed, and the browser holds that back.
        if (end !== null && position > end) end = this.#length = null;
        if (position <= this.#delivered) continue;
        const { url, most } = this.#request;
        if (position > most) throw tooLarge(url, null, most);
        this.#delivered = position;
        this.#failures = 0;
        yield known > 0 ? piece.subarray(known) : piece;
      }
    } finally {
      stop();
    }
    if (!this.#isWhole(position, end)) throw new Interruption(this.#brokeOff(), { answered: true });
  }

  async #next(
    reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    if (!reader) return undefined;
    const { silence } = this.#retryPolicy;
    const late = () => new Error(`nothing came for ${silence / 1000} seconds`);
    try {
      return (await unlessAborted(inTime(reader.read(), silence, late), signal)).value;
    } catch (cause) {
      signal.throwIfAborted();
      throw new Interruption(this.#brokeOff(), { cause });
    }
  }

  /** Whether a body that ended at `position` was the file's end. */
  #isWhole(position: number, end: number | null): boolean {
    if (position < this.#delivered) {
      // Shorter than what had come before.
      if (end === position) throw this.#changed();
      return false;
    }
    const { bytes } = this.#request;
    if (position === bytes) return true;
    if (end !== null) return position >= end;
    if (bytes === null) return true;
    // Whether it broke off or is another file shows when it ends there again.
    const again = this.#endedAt === position;
    this.#endedAt = position;
    return again;
  }

  async #send(headers: Record<string, string>, accept?: number): Promise<UnreadResponse> {
    const { url, what, cache } = this.#request;
    const { silence, silenceWithCopy } = this.#retryPolicy;
    const hasty = this.#dispensable && !this.#answered;
    const unread = await send(
      {
        url,
        what,
        headers,
        // With conditions of its own a request has to get past the browser's HTTP cache.
        cache: Object.keys(headers).length > 0 ? "no-store" : cache,
        silence: hasty ? silenceWithCopy : silence,
        signal: this.#stop.signal,
        ...(accept && { accept }),
      },
      this.#retryPolicy,
    );
    this.#answered = true;
    this.#latest = unread;
    return unread;
  }

  /** Waits before the next try, or throws if there is to be none. */
  async #pause(thrown: unknown): Promise<void> {
    if (!(thrown instanceof Interruption)) throw thrown;
    const { retries, retriesBeforeAnswer, longestWait, sleep } = this.#retryPolicy;
    const most = this.#answered || thrown.answered ? retries : retriesBeforeAnswer;
    const dispensable = this.#dispensable && !this.#answered;
    if (dispensable || this.#failures >= most || (thrown.wait ?? 0) > longestWait) {
      const message = this.#delivered > 0 && !thrown.answered ? this.#brokeOff() : thrown.message;
      throw new ResNetError("weights-download", message, { cause: thrown });
    }
    const wait = thrown.wait ?? pause(this.#failures, this.#retryPolicy);
    this.#failures += 1;
    await sleep(wait, this.#stop.signal);
  }

  #brokeOff(): string {
    return `The download of ${this.#request.url} broke off after ${this.#delivered} bytes. Check the connection and try again.`;
  }

  #changed(): ResNetError {
    return new ResNetError(
      "weights-download",
      `${this.#request.url}: the file changed while it was downloaded: load it again.`,
    );
  }
}

/** What makes a server send a part only of the same version. */
function conditionOf({ etag, modified, encoding }: Version): string | null {
  // The part comes uncompressed, and so under another ETag.
  const comparable = etag && !etag.startsWith("W/") && encoding === null;
  return comparable ? etag : modified;
}
