import { expect, it, vi } from "vitest";
import { Calls } from "./calls";
import { heldOf } from "./garbage";

const ENDED = new Error("ended");
const never = () => new Promise<never>(() => {});

it("a call has the outcome of its work", async () => {
  const calls = new Calls();
  expect(await calls.make(async () => 7)).toBe(7);
  await expect(calls.make(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(
    calls.make(() => {
      throw new Error("at once");
    }),
  ).rejects.toThrow("at once");
  expect(calls.haveEnded).toBe(false);
});

it("the first end fails the calls under way and later ones, whose work is not begun", async () => {
  const calls = new Calls();
  const underWay = [calls.make(never), calls.make(never)];
  calls.end(ENDED);
  calls.end(new Error("once more"));
  for (const call of underWay) await expect(call).rejects.toBe(ENDED);
  const work = vi.fn(never);
  await expect(calls.make(work)).rejects.toBe(ENDED);
  expect(work).not.toHaveBeenCalled();
});

it("keeps no result", async () => {
  const calls = new Calls();
  const results: WeakRef<object>[] = [];
  for (let i = 0; i < 100; i += 1) results.push(new WeakRef(await calls.make(async () => ({ i }))));
  expect(await heldOf(results)).toBe(0);
  expect(calls.haveEnded).toBe(false);
});
