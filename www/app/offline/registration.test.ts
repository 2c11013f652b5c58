import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keep, replace } from "./registration";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

/** What a service worker answers each time that it is asked to keep the page: not at all where the browser ended it. */
const CASES: [what: string, answers: (boolean | undefined)[]][] = [
  ["that answers", [true]],
  ["that has no room", [false]],
  ["that the browser ended once", [undefined, true]],
  ["that the browser ended twice", [undefined, undefined, false]],
];
it.each(CASES)("a service worker %s is asked until it answers", async (_, answers) => {
  const asked = vi.fn((_: unknown, [port]: MessagePort[]) => {
    const kept = answers[asked.mock.calls.length - 1];
    if (kept !== undefined) port?.postMessage({ kept });
  });
  const kept = keep({ postMessage: asked } as unknown as ServiceWorker);
  for (const answer of answers) if (answer === undefined) await vi.advanceTimersByTimeAsync(20_000);
  expect(await kept).toBe(answers.at(-1));
  expect(asked).toHaveBeenCalledTimes(answers.length);
});

it("a service worker that another one has replaced is not asked again", async () => {
  const worker = { state: "activated", postMessage: vi.fn() };
  const kept = keep(worker as unknown as ServiceWorker).catch(({ message }) => message);
  worker.state = "redundant";
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await kept).toBe("its service worker is gone.");
  expect(worker.postMessage).toHaveBeenCalledTimes(1);
});

/** The states that a service worker goes through, one a second, and whether the browser reports them; what comes of it. */
const STATES: [states: ServiceWorkerState[], reports: boolean, outcome: ServiceWorkerState][] = [
  [["activated"], true, "activated"],
  [["activating", "activated"], true, "activating"],
  [["installed", "activating"], true, "activating"],
  [["installed", "activating"], false, "activating"],
  [["installed", "activated"], false, "activated"],
  [["installing", "installed", "activated"], false, "activated"],
  [["installing", "redundant"], true, "redundant"],
  [["installing", "redundant"], false, "redundant"],
];
it.each(STATES)(
  "a service worker that is %s, in turn, reported: %s, is waited for until it is %s",
  async (states, reports, outcome) => {
    const worker = Object.assign(new EventTarget(), { state: states[0], postMessage: () => {} });
    const active = replace(worker as unknown as ServiceWorker).then(
      ({ state }) => state,
      () => "redundant",
    );
    await vi.advanceTimersByTimeAsync(0);
    for (const state of states.slice(1)) {
      worker.state = state;
      if (reports) worker.dispatchEvent(new Event("statechange"));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(await active).toBe(outcome);
  },
);
