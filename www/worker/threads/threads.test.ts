import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ThreadNotice } from "../../protocol/messages";
import { type SharingModule, Threads } from "./threads";

/** What each worker thread does that is started, in order: it joins, it fails, or nothing. */
type Start = "joins" | "fails" | "hangs";

let starts: Start[] = [];
let workers = 0;

/** Does what the library does where it is asked for a worker thread. */
function answer({ port }: ThreadNotice): void {
  const start = starts.shift();
  if (start === "joins") {
    workers += 1;
    port.postMessage({ joined: true });
  }
  if (start === "fails") port.postMessage({ failed: "a worker could not be started" });
}

const module = {
  workerThreads: () => workers,
  // As the module does: no more than have joined.
  setThreads: (count: number) => Math.min(count, workers + 1),
  sharedMemory: () => null,
  sharedModule: () => null,
} as unknown as SharingModule;

beforeEach(() => {
  workers = 0;
  vi.stubGlobal("self", { postMessage: answer });
  vi.stubGlobal("navigator", { hardwareConcurrency: 4 });
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const CASES: [what: string, starts: Start[], outcome: number | string][] = [
  ["all join", ["joins", "joins", "joins"], 4],
  ["one fails", ["joins", "fails", "joins"], 3],
  ["one never joins", ["joins", "hangs", "joins"], 3],
  ["none joins", ["hangs", "hangs", "hangs"], "a worker thread did not join within 10 seconds"],
  ["none can be started", ["fails", "fails", "fails"], "a worker could not be started"],
];
it.each(CASES)("where %s, so many threads compute", async (_, wanted, outcome) => {
  starts = [...wanted];
  const threads = new Threads(module, "cpu-threads");
  const set = threads.set("auto").then(
    () => threads.status.count,
    ({ message }: Error) => message,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await set).toBe(outcome);
});

it("those who are there are not started once more", async () => {
  starts = ["joins", "joins", "joins"];
  const threads = new Threads(module, "cpu-threads");
  await threads.set(3);
  await threads.set(4);
  expect([threads.status.count, starts.length]).toEqual([4, 0]);
});
