import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Connection } from "./connection";

/** A worker whose script does not run. */
class IdleWorker extends EventTarget {
  postMessage() {}
  terminate = vi.fn();
}

let worker: IdleWorker;
beforeEach(() => {
  worker = new IdleWorker();
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const start = () => worker as unknown as Worker;

/** How a worker does not start, and how the error's text begins. */
const CASES: { how: string; start: () => Worker; happens: () => void; text: string }[] = [
  {
    how: "that the browser does not allow",
    start: () => {
      throw new DOMException("refused.", "SecurityError");
    },
    happens: () => {},
    text: "The browser does not allow the worker that fetches weights: refused.",
  },
  {
    how: "whose script fails",
    start,
    happens: () => worker.dispatchEvent(Object.assign(new Event("error"), { message: "no" })),
    text: "The worker that fetches weights could not be started: no.",
  },
  {
    how: "whose script fails without a reason",
    start,
    happens: () => worker.dispatchEvent(new Event("error")),
    text: "The worker that fetches weights could not be started: the browser gives no reason.",
  },
  {
    how: "whose script never runs",
    start,
    happens: () => vi.advanceTimersByTime(60_000),
    text: "The worker that fetches weights could not be started: it did not run within 60 seconds.",
  },
];

it.each(CASES)("a worker $how is named by what it does", async ({ start, happens, text }) => {
  const onNotStarted = vi.fn();
  const connection = new Connection("fetches weights", start, () => {}, onNotStarted);
  happens();
  const call = connection.call(async () => ({ ok: true, value: null }));
  await expect(call).rejects.toMatchObject({
    code: "worker-unavailable",
    message: expect.stringContaining(text),
  });
  expect(connection.isClosed).toBe(true);
  expect(onNotStarted).toHaveBeenCalledTimes(1);
});
