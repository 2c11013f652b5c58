import { expect, it } from "vitest";
import { STEADY_AFTER, type Steadiness, steady } from "./steady";

const [CAT, CUP] = [281, 967];

/** Frames, and the class that was announced after each. */
const CASES: { what: string; frames: [time: number, first: number, announced: number | null][] }[] =
  [
    {
      what: "a class that has stayed is announced",
      frames: [
        [0, CAT, null],
        [STEADY_AFTER - 1, CAT, null],
        [STEADY_AFTER, CAT, CAT],
      ],
    },
    {
      what: "one that comes and goes is not",
      frames: [
        [0, CAT, null],
        [1500, CUP, null],
        [3000, CAT, null],
        [4500, CUP, null],
      ],
    },
    {
      what: "what was announced stands until another has stayed",
      frames: [
        [0, CAT, null],
        [2500, CAT, CAT],
        [3000, CUP, CAT],
        [4900, CUP, CAT],
        [5000, CUP, CUP],
      ],
    },
    {
      what: "a short absence is not announced",
      frames: [
        [0, CAT, null],
        [2000, CAT, CAT],
        [2100, CUP, CAT],
        [2200, CAT, CAT],
        [9000, CAT, CAT],
      ],
    },
  ];

it.each(CASES)("$what", ({ frames }) => {
  let state: Steadiness | null = null;
  for (const [time, first, announced] of frames) {
    state = steady(state, first, time);
    expect(state.announced).toBe(announced);
  }
});
