import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ResNetError } from "../../protocol/errors";
import type { ThreadOutcome, ThreadStart, WorkerNotice } from "../../protocol/messages";
import { Connection } from "./connection";

/** A worker that does nothing by itself. */
class FakeWorker extends EventTarget {
  static all: FakeWorker[] = [];
  /** Why none can be started, if so. */
  static refusal: Error | undefined;
  readonly received: unknown[] = [];
  isEnded = false;

  constructor() {
    super();
    if (FakeWorker.refusal) throw FakeWorker.refusal;
    FakeWorker.all.push(this);
  }

  postMessage(message: unknown): void {
    this.received.push(message);
  }

  terminate(): void {
    this.isEnded = true;
  }

  tell(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  fail(message: string): void {
    this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { message }));
  }
}

/** What a worker thread starts with; there is no wasm here. */
const THREAD = { module: "code", memory: "memory" } as unknown as ThreadStart;

beforeEach(() => {
  [FakeWorker.all, FakeWorker.refusal] = [[], undefined];
  vi.stubGlobal("Worker", FakeWorker);
});
afterEach(() => vi.unstubAllGlobals());

/** A worker, and what it is answered when it asks for a thread. */
function asking() {
  const worker = new FakeWorker();
  const connection = new Connection(
    "runs the network",
    () => worker as unknown as Worker,
    () => {},
    () => {},
    () => new Worker("thread.js"),
  );
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<ThreadOutcome>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  const ask = () => worker.tell({ thread: THREAD, port: port2 } satisfies WorkerNotice);
  return { worker, connection, ask, answer: answer.finally(() => port1.close()) };
}

const CASES: [what: string, happens: (thread?: FakeWorker) => void, outcome: ThreadOutcome][] = [
  ["joins", (thread) => thread?.tell("joined"), { joined: true }],
  ["fails", (thread) => thread?.fail("no memory"), { failed: "no memory" }],
  [
    "fails without a reason",
    (thread) => thread?.fail(""),
    { failed: "a worker could not be started" },
  ],
];
it.each(CASES)("a worker hears that its thread %s", async (_, happens, outcome) => {
  const { ask, answer } = asking();
  ask();
  const [, thread] = FakeWorker.all;
  expect(thread?.received).toEqual([THREAD]);
  happens(thread);
  expect(await answer).toEqual(outcome);
  expect(thread?.isEnded).toBe("failed" in outcome);
});

it("a worker hears that the browser refuses a thread", async () => {
  const { ask, answer } = asking();
  FakeWorker.refusal = new Error("too many workers");
  ask();
  expect(await answer).toEqual({ failed: "too many workers" });
});

it("threads end with their worker", () => {
  const { connection, ask } = asking();
  ask();
  connection.close(new ResNetError("aborted", "over"));
  expect(FakeWorker.all.map(({ isEnded }) => isEnded)).toEqual([true, true]);
});
