import { afterEach, beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

it.each([
  ["a whole page", "", 0],
  ["a page whose code is still being built", "cpu-threads,webgpu", 3],
])("%s looks for a new version while it is open", async (_, toCome, times) => {
  vi.stubEnv("VITE_MODULES_TO_COME", toCome);
  const { watchForUpdate } = await import("./update");
  const update = vi.fn(() => Promise.reject(new TypeError("no network")));
  const registration = Object.assign(new EventTarget(), { update, active: {}, waiting: null });
  const end = new AbortController();
  watchForUpdate(registration as unknown as ServiceWorkerRegistration, () => {}, end.signal);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(update).toHaveBeenCalledTimes(times);
  end.abort();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(update).toHaveBeenCalledTimes(times);
});
