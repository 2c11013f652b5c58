import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newestFrameWins } from "./newest-frame";

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

/** A camera with a frame every `interval` milliseconds, and a classifier that takes `duration` for each. */
function scene({
  interval,
  duration,
  failing = [],
  goesOn = true,
}: {
  interval: number;
  duration: number;
  /** Which looks fail, from 0. */
  failing?: number[];
  goesOn?: boolean;
}) {
  const looks = { begun: [] as number[], most: 0, underWay: 0 };
  const results: { capturedAt: number; shownAt: number }[] = [];
  const faults: unknown[] = [];
  const loop = newestFrameWins<number, void>({
    look: async () => {
      const number = looks.begun.length;
      looks.begun.push(Date.now());
      looks.underWay += 1;
      looks.most = Math.max(looks.most, looks.underWay);
      await new Promise((resolve) => setTimeout(resolve, duration));
      looks.underWay -= 1;
      if (failing.includes(number)) throw new Error(`look ${number}`);
    },
    onResult: (_, capturedAt) => results.push({ capturedAt, shownAt: Date.now() }),
    onFault: (thrown) => {
      faults.push(thrown);
      return goesOn;
    },
  });
  const camera = setInterval(() => loop.frame(Date.now()), interval);
  return { loop, looks, results, faults, unplug: () => clearInterval(camera) };
}

describe("the newest frame wins", () => {
  it.each([
    { what: "slower than the camera", interval: 10, duration: 35, times: [10, 40, 80, 110] },
    { what: "in step with the camera", interval: 10, duration: 10, times: [10, 20, 30, 40] },
    { what: "faster than the camera", interval: 30, duration: 4, times: [30, 60, 90, 120] },
  ])("a classifier $what takes the current frame", async ({ interval, duration, times }) => {
    const { looks, results } = scene({ interval, duration });
    await vi.advanceTimersByTimeAsync(1000);
    expect(looks.most).toBe(1);
    expect(results.slice(0, 4).map(({ capturedAt }) => capturedAt)).toEqual(times);
  });

  it("never falls behind: no frame is older at its look than the camera's interval", async () => {
    const { looks, results } = scene({ interval: 10, duration: 333 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks.most).toBe(1);
    results.forEach(({ capturedAt }, i) => {
      expect((looks.begun[i] ?? Number.NaN) - capturedAt).toBeLessThan(10);
    });
    expect(results.length).toBeGreaterThan(170);
  });

  it("does not look at a frame twice", async () => {
    const { looks, unplug } = scene({ interval: 10, duration: 3 });
    await vi.advanceTimersByTimeAsync(25);
    unplug();
    await vi.advanceTimersByTimeAsync(1000);
    expect(looks.begun).toEqual([10, 20]);
  });

  it("looks no more once stopped, and what was under way goes unheard", async () => {
    const { loop, looks, results } = scene({ interval: 10, duration: 35 });
    await vi.advanceTimersByTimeAsync(20);
    loop.stop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(looks.begun).toHaveLength(1);
    expect(results).toEqual([]);
  });

  it("goes on after a fault that passes", async () => {
    const { results, faults } = scene({ interval: 10, duration: 5, failing: [1] });
    await vi.advanceTimersByTimeAsync(48);
    expect(faults).toEqual([new Error("look 1")]);
    expect(results.map(({ capturedAt }) => capturedAt)).toEqual([10, 30, 40]);
  });

  it("ends at a fault that stays", async () => {
    const { looks, faults } = scene({ interval: 10, duration: 5, failing: [1], goesOn: false });
    await vi.advanceTimersByTimeAsync(1000);
    expect(faults).toHaveLength(1);
    expect(looks.begun).toEqual([10, 20]);
  });

  it("does not report a fault after it was stopped", async () => {
    const { loop, faults } = scene({ interval: 10, duration: 35, failing: [0] });
    await vi.advanceTimersByTimeAsync(20);
    loop.stop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(faults).toEqual([]);
  });
});
