import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { STALLED_AFTER, watchInterruption } from "./interruption";

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

/** What happens, at a time in milliseconds. */
type Event = [at: number, what: "frame" | "mute" | "unmute" | "end"];
const S = STALLED_AFTER;

interface Case {
  what: string;
  events: Event[];
  /** The calls of `onChange`, and when. */
  changes: [at: number, isInterrupted: boolean][];
  startsMuted?: boolean;
}

const CASES: Case[] = [
  {
    what: "frames in time say nothing",
    events: [
      [0, "frame"],
      [S - 1, "frame"],
      [2 * S - 2, "frame"],
    ],
    changes: [[3 * S - 2, true]],
  },
  { what: "a slow start is no interruption", events: [[3 * S, "frame"]], changes: [[4 * S, true]] },
  {
    what: "a track that is muted at the start is",
    startsMuted: true,
    events: [],
    changes: [[0, true]],
  },
  {
    what: "a call interrupts, and its end does not wait for a frame",
    events: [
      [0, "frame"],
      [100, "mute"],
      [900, "unmute"],
      [950, "frame"],
      [1000, "end"],
    ],
    changes: [
      [100, true],
      [900, false],
    ],
  },
  {
    what: "black frames while muted do not count",
    events: [
      [0, "frame"],
      [100, "mute"],
      [200, "frame"],
      [300, "frame"],
      [900, "unmute"],
      [1000, "end"],
    ],
    changes: [
      [100, true],
      [900, false],
    ],
  },
  {
    what: "no frame for two seconds interrupts, the next one ends it",
    events: [
      [0, "frame"],
      [S + 500, "frame"],
      [S + 600, "end"],
    ],
    changes: [
      [S, true],
      [S + 500, false],
    ],
  },
  {
    what: "muted and stalled is one change, and ends with the first frame after",
    events: [
      [0, "frame"],
      [100, "mute"],
      [3 * S, "unmute"],
      [3 * S + 100, "end"],
    ],
    changes: [
      [100, true],
      [3 * S, false],
    ],
  },
  {
    what: "unmuted without a frame is stalled again",
    events: [
      [0, "frame"],
      [100, "mute"],
      [200, "unmute"],
      [2 * S + 300, "end"],
    ],
    changes: [
      [100, true],
      [200, false],
      [S + 200, true],
    ],
  },
  {
    what: "nothing changes after its end",
    events: [
      [0, "frame"],
      [100, "end"],
      [200, "mute"],
    ],
    changes: [],
  },
];

it.each(CASES)("$what", async ({ events, changes, startsMuted = false }) => {
  const track = Object.assign(new EventTarget(), { muted: startsMuted });
  let onFrame = () => {};
  const heard: [number, boolean][] = [];
  const end = watchInterruption(
    track as unknown as MediaStreamTrack,
    (listener) => {
      onFrame = listener;
      return () => {
        onFrame = () => {};
      };
    },
    (isInterrupted) => heard.push([Date.now(), isInterrupted]),
  );
  for (const [at, what] of events) {
    await vi.advanceTimersByTimeAsync(at - Date.now());
    if (what === "frame") onFrame();
    else if (what === "end") end();
    else {
      track.muted = what === "mute";
      track.dispatchEvent(new globalThis.Event(what));
    }
  }
  await vi.advanceTimersByTimeAsync(2 * S);
  expect(heard).toEqual(changes);
});
