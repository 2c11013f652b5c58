import { expect, it } from "vitest";
import { Turns } from "./turns";

const settled = () => new Promise((done) => setTimeout(done));

/** Twenty pieces of work, each of which ends when it is told to. */
function twenty(limit: number) {
  const turns = new Turns(limit);
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const cancels: AbortController[] = [];
  const outcomes = Array.from({ length: 20 }, (_, i) => {
    const cancel = new AbortController();
    cancels.push(cancel);
    return turns
      .take(cancel.signal, async () => {
        began.push(i);
        await new Promise<void>((end) => {
          ends[i] = end;
        });
      })
      .then(
        () => "done",
        (thrown: Error) => thrown.name,
      );
  });
  return { began, ends, cancels, outcomes };
}

it("so many go on at a time, in their order", async () => {
  const { began, ends } = twenty(2);
  await settled();
  expect(began).toEqual([0, 1]);
  ends[1]?.();
  await settled();
  expect(began).toEqual([0, 1, 2]);
});

it("what is given up while it waits never begins", async () => {
  const { began, ends, cancels, outcomes } = twenty(2);
  await settled();
  for (const cancel of cancels.slice(0, 19)) cancel.abort();
  ends[0]?.();
  ends[1]?.();
  await settled();
  expect(began).toEqual([0, 1, 19]);
  ends[19]?.();
  expect(await Promise.all(outcomes)).toEqual([
    "done",
    "done",
    ...Array.from({ length: 17 }, () => "AbortError"),
    "done",
  ]);
});

it("one that fails hands its turn on", async () => {
  const turns = new Turns(1);
  const { signal } = new AbortController();
  const fails = turns.take(signal, () => Promise.reject(new Error("no")));
  await expect(fails).rejects.toThrow("no");
  expect(await turns.take(signal, async () => "next")).toBe("next");
});
