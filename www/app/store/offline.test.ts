import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keep, look, register } from "../offline/registration";
import { createOffline } from "./offline";

vi.mock("../offline/registration");
vi.mock("../offline/update");

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.mocked(look).mockResolvedValue({ possible: true });
  vi.mocked(keep).mockResolvedValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.resetAllMocks();
});

/** How often the service worker starts too late, and what the page then knows of what is kept. */
const CASES: [times: number, kept: boolean | null, tries: number][] = [
  [0, true, 1],
  [1, true, 2],
  [2, true, 3],
  [9, null, 3],
];
it.each(CASES)(
  "late %i times, the service worker says %s after %i tries",
  async (times, kept, tries) => {
    for (let i = 0; i < times; i++) vi.mocked(register).mockRejectedValueOnce(new Error("late"));
    vi.mocked(register).mockResolvedValue({} as Awaited<ReturnType<typeof register>>);
    const store = createOffline(false, signal(true));
    store.begin();
    await vi.waitFor(() => expect(register).toHaveBeenCalledTimes(tries));
    await new Promise((resolve) => setTimeout(resolve));
    expect(store.kept.value).toBe(kept);
  },
);
