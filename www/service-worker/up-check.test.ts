import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Page, UpCheck } from "./up-check";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A page that says it is up when it is asked, from this many milliseconds on; never where there is no number. */
interface Tab {
  opensAfter?: number;
  upAfter?: number;
}

const CASES: [string, Tab[], { fails: boolean }][] = [
  ["a page that is up", [{ upAfter: 0 }], { fails: false }],
  ["a page that comes up late", [{ upAfter: 9_000 }], { fails: false }],
  ["a page that opens and comes up", [{ opensAfter: 500, upAfter: 2_000 }], { fails: false }],
  ["a page whose script fails", [{}], { fails: true }],
  ["a page that opens and whose script fails", [{ opensAfter: 500 }], { fails: true }],
  ["two pages whose script fails", [{}, {}], { fails: true }],
  ["one that is up beside one that is not", [{}, { upAfter: 0 }], { fails: false }],
  ["a page that comes up too late", [{ upAfter: 20_000 }], { fails: true }],
  ["no page at all", [], { fails: false }],
];

describe("the version before", () => {
  it.each(CASES)("%s", async (_, tabs, { fails }) => {
    const check = new UpCheck();
    const begun = Date.now();
    const isOver = (time = 0) => Date.now() - begun >= time;
    const pages = async (): Promise<Page[]> =>
      tabs
        .filter(({ opensAfter }) => isOver(opensAfter))
        .map(({ upAfter }) => ({
          postMessage: () => void (upAfter !== undefined && isOver(upAfter) && check.hear()),
        }));
    const failing = check.fails(pages);
    await vi.runAllTimersAsync();
    expect(await failing).toBe(fails);
  });

  it("is asked again each time", async () => {
    const check = new UpCheck();
    check.hear();
    const failing = check.fails(async () => [{ postMessage: () => {} }]);
    await vi.runAllTimersAsync();
    expect(await failing).toBe(true);
  });

  it("is left alone where the browser does not say which pages are open", async () => {
    const check = new UpCheck();
    const failing = check.fails(() => new Promise(() => {}));
    await vi.runAllTimersAsync();
    expect(await failing).toBe(false);
  });
});
