import { describe, expect, it } from "vitest";
import { Pace, type Reading } from "./pace";

/** What is read after `count` results, one every `interval` milliseconds, each `latency` after its frame. */
function readings(count: number, interval: number, latency: number): (Reading | null)[] {
  const pace = new Pace();
  return Array.from({ length: count }, (_, i) => pace.shown(i * interval - latency, i * interval));
}

describe("the pace of results", () => {
  it.each([
    { interval: 33, latency: 60, framesPerSecond: 30.3 },
    { interval: 100, latency: 120, framesPerSecond: 10 },
    { interval: 5000, latency: 5040, framesPerSecond: 0.2 },
  ])("a result every $interval ms", ({ interval, latency, framesPerSecond }) => {
    const reading = readings(100, interval, latency).at(-1);
    expect(reading?.framesPerSecond).toBeCloseTo(framesPerSecond, 1);
    expect(reading?.latency).toBeCloseTo(latency);
  });

  it("needs two results", () => {
    expect(readings(1, 100, 50)).toEqual([null]);
    expect(readings(2, 100, 50)[1]).toEqual({ framesPerSecond: 10, latency: 50 });
  });

  it("forgets what is more than two seconds ago", () => {
    const pace = new Pace();
    for (let now = 0; now <= 5000; now += 500) pace.shown(now - 400, now);
    for (let now = 5050; now <= 8000; now += 50) pace.shown(now - 40, now);
    const reading = pace.shown(8460, 8500);
    expect(reading?.latency).toBeCloseTo(40);
    expect(reading?.framesPerSecond).toBeGreaterThan(15);
  });

  it("changes its figures twice a second at most", () => {
    const different = new Set(readings(101, 20, 30));
    different.delete(null);
    expect(different.size).toBe(4);
  });

  it("takes a capture in the future, as some clocks have it, for now", () => {
    const pace = new Pace();
    pace.shown(10, 0);
    expect(pace.shown(110, 100)?.latency).toBe(0);
  });
});
