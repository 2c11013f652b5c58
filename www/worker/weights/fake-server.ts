import { vi } from "vitest";
import { RETRY_POLICY, type RetryPolicy } from "./retry-policy";

/** The address of the page that asks. */
export const PAGE = "https://page.test";

/** What a request looked like. */
export interface Asked {
  url: string;
  method: string;
  headers: Record<string, string>;
  cache: RequestCache | undefined;
  referrerPolicy: ReferrerPolicy | undefined;
  credentials: RequestCredentials | undefined;
  signal: AbortSignal | null | undefined;
}

/** How one request is answered. Whatever it throws, `fetch` throws. */
export type Answering = (asked: Asked) => Response | Promise<Response>;

/** Takes `fetch`'s place. Answers come in turn. Returns what is asked. */
export function serve(...answers: Answering[]): Asked[] {
  const left = [...answers];
  const asked: Asked[] = [];
  vi.stubGlobal("origin", PAGE);
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    const { method = "GET", headers, cache, referrerPolicy, credentials, signal } = init;
    const request = {
      url,
      method,
      headers: { ...headers } as Record<string, string>,
      cache,
      referrerPolicy,
      credentials,
      signal,
    };
    asked.push(request);
    const answer = left.shift();
    if (!answer) throw new TypeError("no response");
    // As with a real `fetch`, stopping it ends the wait for an answer and breaks the body off.
    const stopped = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
    stopped.catch(() => {});
    return stoppable(await Promise.race([answer(request), stopped]), stopped);
  });
  return asked;
}

function stoppable(response: Response, stopped: Promise<never>): Response {
  const reader = response.body?.getReader();
  if (!reader) return response;
  const body = new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await Promise.race([reader.read(), stopped]);
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const { type } = response;
  return Object.defineProperty(new Response(body, response), "type", { value: type });
}

const PIECE = 10;

/** A body in small pieces: `whole`, or so many bytes of it and then a fault. */
export function body(
  whole: Uint8Array,
  then: { breaks?: number; ends?: number; stalls?: number } = {},
): ReadableStream<Uint8Array> {
  const last = then.breaks ?? then.ends ?? then.stalls ?? whole.length;
  let position = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (position < last) {
          const next = Math.min(position + PIECE, last);
          controller.enqueue(whole.slice(position, next));
          position = next;
        } else if (then.breaks !== undefined) {
          throw new TypeError("network error");
        } else if (then.stalls !== undefined) {
          await new Promise(() => {});
        } else {
          controller.close();
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** RetryPolicy that takes no time; how long each pause would have been is in `pauses`. */
export function atOnce(): RetryPolicy & { pauses: number[] } {
  const pauses: number[] = [];
  return {
    ...RETRY_POLICY,
    pauses,
    silence: 50,
    silenceWithCopy: 20,
    silentTab: 50,
    now: () => Date.UTC(2030, 0, 1),
    random: () => 0.5,
    sleep: async (milliseconds, signal) => {
      pauses.push(milliseconds);
      signal.throwIfAborted();
    },
  };
}
