import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Progress } from "../../protocol/types";
import { storage } from "./fake-cache";
import { FakeLocks } from "./fake-locks";
import { atOnce, body, PAGE, serve } from "./fake-server";
import { fetchWeights } from "./index";
import { ifFree, inTurn } from "./turn";

const KEY = "https://weights.invalid/url/a";
const STEP: Progress = { loaded: 1, total: 2, cached: false };
const never = new AbortController().signal;

let locks: FakeLocks;
beforeEach(() => {
  locks = new FakeLocks();
  vi.stubGlobal("navigator", { locks });
});
afterEach(() => vi.unstubAllGlobals());

/** A promise, and how to keep it. */
function promised() {
  let keep: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
}

/** A turn of a tab. What it hears of the progress is in `heard`. */
function turn<T>(
  work: (onProgress: (progress: Progress) => void, waited: boolean) => Promise<T>,
  { signal = never, silentTab = 10_000 } = {},
) {
  const heard: Progress[] = [];
  const onProgress = (progress: Progress) => heard.push(progress);
  const done = inTurn({ key: KEY, signal, onProgress }, { ...atOnce(), silentTab }, work);
  return { done, heard };
}

describe("tabs that want the same file", () => {
  it("go one after the other, and know who waited", async () => {
    const order: unknown[] = [];
    const first = promised();
    const one = turn(async (_, waited) => {
      order.push({ waited });
      await first.promise;
      order.push("one ends");
    });
    const two = turn(async (_, waited) => void order.push({ waited }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    first.keep();
    await Promise.all([one.done, two.done]);
    expect(order).toEqual([{ waited: false }, "one ends", { waited: true }]);
  });

  it("wait as long as they hear how far the one is that has the turn", async () => {
    const first = promised();
    const one = turn(() => first.promise);
    const channel = new BroadcastChannel(`resnet-web:${KEY}`);
    const telling = setInterval(() => channel.postMessage(STEP), 100);
    const work = vi.fn(async () => {});
    const two = turn(work, { silentTab: 500 });
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(work).not.toHaveBeenCalled();
    clearInterval(telling);
    channel.close();
    first.keep();
    await Promise.all([one.done, two.done]);
    expect(work).toHaveBeenCalledOnce();
    expect(two.heard).toContainEqual(STEP);
  });

  it("tell the others how far they are, or that they are there", async () => {
    const channel = new BroadcastChannel(`resnet-web:${KEY}`);
    const told: unknown[] = [];
    const words = [promised(), promised()];
    channel.onmessage = ({ data }) => words[told.push(data) - 1]?.keep();
    const { done, heard } = turn(async (onProgress) => {
      await words[0]?.promise;
      onProgress(STEP);
      await words[1]?.promise;
    });
    await done;
    channel.close();
    expect(told).toEqual([null, STEP]);
    expect(heard).toEqual([STEP]);
  });

  it("take the turn from one of which nothing is heard, and which goes on all the same", async () => {
    const first = promised();
    const stuck = turn(async () => {
      await first.promise;
      return "one";
    });
    const second = promised();
    const two = turn(
      async (_, waited) => {
        await second.promise;
        return { waited };
      },
      { silentTab: 20 },
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The next one waits for the thief.
    const three = turn(async () => "three");
    first.keep();
    expect(await stuck.done).toBe("one");
    second.keep();
    expect(await two.done).toEqual({ waited: true });
    expect(await three.done).toBe("three");
  });

  it("stop waiting when that is cancelled", async () => {
    const first = promised();
    const one = turn(() => first.promise);
    const controller = new AbortController();
    const reason = new DOMException("enough", "AbortError");
    const work = vi.fn(async () => {});
    const two = turn(work, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    await expect(two.done).rejects.toBe(reason);
    await expect(turn(work, { signal: controller.signal }).done).rejects.toBe(reason);
    expect(work).not.toHaveBeenCalled();
    first.keep();
    await one.done;
  });

  it("go on after one that fails, which alone hears of it", async () => {
    const fault = new Error("no weights");
    const one = turn(async () => {
      throw fault;
    });
    const two = turn(async () => "two");
    await expect(one.done).rejects.toBe(fault);
    expect(await two.done).toBe("two");
  });

  it.each([
    ["has no locks", { navigator: {} }],
    ["is no navigator", { navigator: undefined }],
    [
      "refuses them",
      {
        navigator: {
          locks: { request: () => Promise.reject(new DOMException("", "SecurityError")) },
        },
      },
    ],
  ])("do not wait where the browser %s", async (_, browser) => {
    vi.stubGlobal("navigator", browser.navigator);
    const { done, heard } = turn(async (onProgress) => {
      onProgress(STEP);
      return "done";
    });
    expect(await done).toBe("done");
    expect(heard).toEqual([STEP]);
  });

  it("leave alone what one of them is at", async () => {
    const first = promised();
    const one = turn(() => first.promise);
    const tidying = vi.fn(async () => {});
    await ifFree(KEY, tidying);
    expect(tidying).not.toHaveBeenCalled();
    first.keep();
    await one.done;
    await new Promise((resolve) => setTimeout(resolve));
    await ifFree(KEY, tidying);
    expect(tidying).toHaveBeenCalledOnce();
  });
});

it("two tabs fetch the same file once", async () => {
  storage();
  vi.stubGlobal("navigator", { locks });
  const file = Uint8Array.from({ length: 100 }, (_, index) => [0x80, 2][index] ?? index);
  const etag = { etag: '"one"' };
  const asked = serve(
    () => new Response(body(file), { headers: etag }),
    () => new Response(null, { status: 304 }),
  );
  const retryPolicy = { ...atOnce(), silentTab: 10_000 };
  const tab = () =>
    fetchWeights({ url: `${PAGE}/a.pth`, signal: never, onProgress() {} }, retryPolicy);
  const blobs = await Promise.all([tab(), tab()]);
  expect(blobs.map(({ blob }) => blob.size)).toEqual([100, 100]);
  expect(asked.map(({ headers }) => headers)).toEqual([{}, { "If-None-Match": '"one"' }]);
});
