import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { loadCpuModule } from "./module";

/** What the browser has, and the modules that it cannot start. */
let relaxed = false;
let threads = false;
let refused: string[] = [];
const fetched: string[] = [];

vi.mock("wasm-feature-detect", () => ({
  relaxedSimd: async () => relaxed,
  threads: async () => threads,
}));

type Modules = Parameters<typeof loadCpuModule>[0];

/** Stands for a wasm module, which need not be built: it starts, or fails to. */
const standIn = (name: string) => async () => ({
  default: async () => {
    fetched.push(name);
    if (refused.includes(name)) throw new Error("no room");
  },
  setPanicListener: () => {},
});
const NAMES = ["cpu", "cpu-relaxed", "cpu-threads", "cpu-relaxed-threads"];
const MODULES = Object.fromEntries(
  NAMES.map((name) => [name, standIn(name)]),
) as unknown as Modules;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

interface Case {
  what: string;
  has: { relaxed?: boolean; threads?: boolean; isolated?: boolean; processors?: number };
  refuses?: string[];
  fetches: string[];
  obstacle?: string;
}
const BOTH = { relaxed: true, threads: true };
const CASES: Case[] = [
  { what: "with everything", has: BOTH, fetches: ["cpu-relaxed-threads"] },
  { what: "without relaxed SIMD (Safari)", has: { threads: true }, fetches: ["cpu-threads"] },
  {
    what: "not isolated",
    has: { ...BOTH, isolated: false },
    fetches: ["cpu-relaxed"],
    obstacle: "not-isolated",
  },
  {
    what: "neither isolated nor with relaxed SIMD",
    has: { threads: true, isolated: false },
    fetches: ["cpu"],
    obstacle: "not-isolated",
  },
  {
    what: "with one processor",
    has: { ...BOTH, processors: 1 },
    fetches: ["cpu-relaxed"],
    obstacle: "one-processor",
  },
  {
    what: "without threads in WebAssembly",
    has: { relaxed: true },
    fetches: ["cpu-relaxed"],
    obstacle: "unsupported",
  },
  {
    what: "without room for shared memory",
    has: BOTH,
    refuses: ["cpu-relaxed-threads"],
    fetches: ["cpu-relaxed-threads", "cpu-relaxed"],
    obstacle: "failed",
  },
  {
    what: "without room for it, nor relaxed SIMD",
    has: { threads: true },
    refuses: ["cpu-threads"],
    fetches: ["cpu-threads", "cpu"],
    obstacle: "failed",
  },
];
it.each(CASES)("in a browser $what", async ({ has, refuses = [], fetches, obstacle }) => {
  ({ relaxed = false, threads = false } = has);
  [refused, fetched.length] = [refuses, 0];
  vi.stubGlobal("crossOriginIsolated", has.isolated ?? true);
  vi.stubGlobal("navigator", { hardwareConcurrency: has.processors ?? 2 });
  const code = await loadCpuModule(MODULES);
  expect(fetched).toEqual(fetches);
  expect([code.obstacle, code.threads === undefined]).toEqual([obstacle, obstacle !== undefined]);
});
