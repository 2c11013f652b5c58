import { describe, expect, it } from "vitest";
import { type Attempt, decide, type Offer, type Situation, type Step } from "./decide";

/** A page without the headers, in a browser with service workers. */
const PLAIN: Situation = {
  isolated: false,
  possible: true,
  turnedOn: false,
  off: false,
  forEverybody: false,
  refused: false,
  attempt: null,
  reloaded: false,
};
const ISOLATED = { isolated: true, turnedOn: true } as const;
const RELOADED = { reloaded: true, attempt: "made", turnedOn: true } as const;
const EVERYBODY = { forEverybody: true } as const;
const OFF = { off: true } as const;

const CASES: [string, Partial<Situation>, Step, Offer][] = [
  ["isolation is not asked for", {}, "nothing", "turn-on"],
  ["the server isolates the page", { isolated: true }, "nothing", null],
  ["there can be no service worker", { possible: false }, "nothing", null],
  ["the service worker isolates the page", ISOLATED, "nothing", "turn-off"],
  ["the reload was of use", { ...RELOADED, isolated: true }, "nothing", "turn-off"],
  ["the reload was in vain", RELOADED, "give-up", null],
  ["it was in vain before", { attempt: "failed" }, "nothing", null],
  ["it was turned off again", { attempt: "made", refused: true }, "nothing", "turn-on"],
  ["the browser passes the service worker by", { turnedOn: true }, "nothing", "turn-on"],

  ["the owner wants it", EVERYBODY, "turn-on", "turn-on"],
  [
    "the owner wants it, the person does not",
    { ...EVERYBODY, refused: true },
    "nothing",
    "turn-on",
  ],
  ["the owner wants it, and has it", { ...EVERYBODY, ...ISOLATED }, "nothing", "turn-off"],
  ["the owner wants it, in vain", { ...EVERYBODY, ...RELOADED }, "give-up", null],
  ["the owner wants what was in vain", { ...EVERYBODY, attempt: "failed" }, "nothing", null],
  ["the owner wants what was lost again", { ...EVERYBODY, attempt: "made" }, "nothing", "turn-on"],
  ["the owner wants what cannot be", { ...EVERYBODY, possible: false }, "nothing", null],

  ["the address forbids it", OFF, "nothing", null],
  ["the address forbids it, but there it is", { ...OFF, turnedOn: true }, "turn-off", null],
  ["the address forbids it, but there it works", { ...OFF, ...ISOLATED }, "turn-off", null],
  ["the address forbids what the owner wants", { ...OFF, ...EVERYBODY }, "nothing", null],
  ["the address forbids it after a reload", { ...OFF, ...RELOADED }, "turn-off", null],
];

describe("on arrival", () => {
  it.each(CASES)("%s", (_, part, step, offer) => {
    expect(decide({ ...PLAIN, ...part })).toEqual({ step, offer });
  });
});

/** Every combination of what there can be. */
function everySituation(): Situation[] {
  const attempts: (Attempt | null)[] = [null, "made", "failed"];
  const flags = Object.keys(PLAIN).filter((name) => name !== "attempt");
  return attempts.flatMap((attempt) =>
    Array.from({ length: 2 ** flags.length }, (_, bits) => {
      const values = flags.map((flag, i) => [flag, Boolean(bits & (1 << i))]);
      return { ...Object.fromEntries(values), attempt } as Situation;
    }),
  );
}

describe("whatever the situation", () => {
  const decided = everySituation().map((situation) => ({ situation, ...decide(situation) }));

  it("no page reloads by itself twice", () => {
    const again = decided.filter(
      ({ situation: { attempt, reloaded }, step }) => step === "turn-on" && (attempt || reloaded),
    );
    expect(again).toEqual([]);
  });

  it("nothing is turned on that was not asked for, or is not needed", () => {
    const wrong = decided.filter(
      ({ situation: { isolated, off, forEverybody, refused }, step }) =>
        step === "turn-on" && (isolated || off || refused || !forEverybody),
    );
    expect(wrong).toEqual([]);
  });

  it("a service worker that works can be turned off", () => {
    const caught = decided.filter(
      ({ situation: { isolated, turnedOn }, step, offer }) =>
        isolated && turnedOn && step !== "turn-off" && offer !== "turn-off",
    );
    expect(caught).toEqual([]);
  });
});
