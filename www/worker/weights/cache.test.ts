import { afterEach, describe, expect, it, vi } from "vitest";
import { cachedWeights, clearWeights, hasRoomFor, WeightCache } from "./cache";
import { noStorage, storage } from "./fake-cache";

afterEach(() => vi.unstubAllGlobals());

const NONE = { etag: null, modified: null, encoding: null };
const VERSION = { etag: '"one"', modified: "Tue, 01 Jan 2030 00:00:00 GMT", encoding: null };
const INDEX = "https://weights.invalid/index";
const key = (name: string | number) => `https://page.test/${name}`;

async function* file(length = 100) {
  for (let left = length; left > 0; left -= 10) yield new Uint8Array(Math.min(left, 10));
}

async function opened(): Promise<WeightCache> {
  const cache = await WeightCache.open();
  if (!cache) throw new Error("there is no cache");
  return cache;
}

describe("the cache", () => {
  it("keeps a file, and what version it is", async () => {
    storage();
    const cache = await opened();
    const stored = await cache.store(key("a"), file(), VERSION);
    expect((stored as Blob).size).toBe(100);
    const found = await cache.find(key("a"));
    expect(found?.blob.size).toBe(100);
    expect(found?.version).toEqual(VERSION);
    expect(await cache.find(key("b"))).toBeNull();
  });

  it("takes no more than it puts away", async () => {
    let asked = 0;
    let most = 0;
    let put = 0;
    storage();
    vi.stubGlobal("caches", {
      open: async () => ({
        match: async () => undefined,
        async put(_: string, { body }: Response) {
          const reader = body?.getReader();
          while (!(await reader?.read())?.done) {
            put += 1;
            await new Promise((resolve) => setTimeout(resolve));
            most = Math.max(most, asked - put);
          }
        },
        delete: async () => true,
      }),
    });
    async function* counted() {
      for await (const piece of file()) {
        asked += 1;
        yield piece;
      }
    }
    await (await opened()).store(key("a"), counted(), NONE);
    expect(asked).toBe(10);
    expect(most).toBeLessThanOrEqual(1);
  });

  it("keeps nothing of a file that fails on the way", async () => {
    const stored = storage();
    const fault = new Error("wrong checksum");
    async function* failing() {
      yield* file();
      throw fault;
    }
    await expect((await opened()).store(key("a"), failing(), NONE)).rejects.toBe(fault);
    expect([...stored.keys()]).toEqual([]);
  });

  it.each([
    ["there is no room", { room: 50 }, "quota"],
    [
      "the browser fails",
      {
        beforePut: () => {
          throw new DOMException("disk", "UnknownError");
        },
      },
      "unavailable",
    ],
  ])("says why it keeps nothing: %s", async (_, what, why) => {
    const stored = storage(what);
    expect(await (await opened()).store(key("a"), file(), NONE)).toBe(why);
    expect([...stored.keys()]).toEqual([]);
  });

  it("does not trust a browser that keeps half of it", async () => {
    const stored = storage();
    const { put } = await caches.open("");
    const half = async (url: string, response: Response) => {
      await put(url, new Response((await response.blob()).slice(50)));
    };
    Object.assign(await caches.open(""), { put: half });
    expect(await (await opened()).store(key("a"), file(), NONE)).toBe("unavailable");
    expect([...stored.keys()]).toEqual([]);
  });

  it("does not hand out what is not as long as it was", async () => {
    const stored = storage();
    const cache = await opened();
    await cache.store(key("a"), file(), NONE);
    stored.set(key("a"), { body: new Blob(["short"]), headers: new Headers() });
    expect(await cache.find(key("a"))).toBeNull();
    expect(stored.has(key("a"))).toBe(false);
  });

  it("drops what was used longest ago", async () => {
    const stored = storage();
    const cache = await opened();
    for (const name of ["a", "b", "c", "d"]) await cache.store(key(name), file(), NONE);
    await cache.touch(key("a"), { bytes: 100, digests: [] });
    await cache.store(key("e"), file(), NONE);
    await cache.store(key("f"), file(), NONE);
    expect([...stored.keys()].filter((url) => url !== INDEX).sort()).toEqual(
      ["a", "d", "e", "f"].map(key),
    );
  });

  it.each([
    ["lost", () => undefined],
    ["damaged", () => ({ body: new Blob(["{"]), headers: new Headers() })],
  ])("does with its index %s", async (_, left) => {
    const stored = storage();
    const cache = await opened();
    for (const length of [10, 20, 30, 40]) await cache.store(key(length), file(length), NONE);
    const index = left();
    if (index) stored.set(INDEX, index);
    else stored.delete(INDEX);
    expect(await cachedWeights()).toEqual({ files: 4, bytes: 100 });
    expect((await cache.find(key(10)))?.blob.size).toBe(10);
    await cache.store(key(50), file(50), NONE);
    expect((await cachedWeights()).files).toBe(4);
    expect(await cache.find(key(50))).not.toBeNull();
  });

  it("keeps a file even if its index cannot be written", async () => {
    storage({
      beforePut: (url) => {
        if (url === INDEX) throw new DOMException("no room", "QuotaExceededError");
      },
    });
    const cache = await opened();
    expect(((await cache.store(key("a"), file(), NONE)) as Blob).size).toBe(100);
    expect(await cache.find(key("a"))).not.toBeNull();
  });

  it("tells its size, and can be cleared", async () => {
    storage();
    const cache = await opened();
    expect(await cachedWeights()).toEqual({ files: 0, bytes: 0 });
    await cache.store(key("a"), file(30), NONE);
    await cache.store(key("b"), file(70), NONE);
    expect(await cachedWeights()).toEqual({ files: 2, bytes: 100 });
    await clearWeights();
    expect(await cachedWeights()).toEqual({ files: 0, bytes: 0 });
    await clearWeights();
  });

  it("may be missing", async () => {
    noStorage();
    expect(await WeightCache.open()).toBeNull();
    expect(await cachedWeights()).toEqual({ files: 0, bytes: 0 });
    await clearWeights();
  });

  it("may be forbidden", async () => {
    storage({ open: () => Promise.reject(new DOMException("no", "SecurityError")) });
    expect(await WeightCache.open()).toBeNull();
    expect(await cachedWeights()).toEqual({ files: 0, bytes: 0 });
    await clearWeights();
  });
});

it.each([
  ["fits", 100, { quota: 1000, usage: 900 }, true],
  ["does not fit", 101, { quota: 1000, usage: 900 }, false],
  ["has no known length", null, { quota: 1000, usage: 900 }, true],
  ["may fit: the browser does not tell", 100, {}, true],
] as const)("a file that %s", async (_, bytes, estimate, fits) => {
  storage({ estimate });
  expect(await hasRoomFor(bytes)).toBe(fits);
  noStorage();
  expect(await hasRoomFor(bytes)).toBe(true);
});
