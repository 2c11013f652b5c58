import { afterEach, describe, expect, it, vi } from "vitest";
import {
  cachedWeights,
  clearWeights,
  hasRoomFor,
  keyOfAddress,
  keyOfContent,
  type Stored,
  WeightCache,
} from "./cache";
import { noStorage, type Stored as StoredEntries, storage } from "./fake-cache";
import type { Version } from "./request";

afterEach(() => vi.unstubAllGlobals());

const NONE: Version = { etag: null, modified: null, encoding: null };
const VERSION = { etag: '"one"', modified: "Tue, 01 Jan 2030 00:00:00 GMT", encoding: null };
const INDEX = "https://weights.invalid/index";
const address = (name: string | number) => `https://page.test/${name}`;
const key = (name: string | number) => keyOfAddress(address(name));

async function* file(length = 100) {
  for (let left = length; left > 0; left -= 10) yield new Uint8Array(Math.min(left, 10));
}

async function opened(): Promise<WeightCache> {
  const cache = await WeightCache.open();
  if (!cache) throw new Error("there is no cache");
  return cache;
}

/** Stores a file, in parts of so many bytes at least. */
async function store(
  name: string | number,
  pieces = file(),
  version = NONE,
  part?: number,
): Promise<Stored> {
  const facts = { url: address(name), sha256: null };
  return (await opened()).store(key(name), pieces, facts, () => version, part);
}

/** The keys of the entries, without the index. */
const keysOf = (stored: StoredEntries) => [...stored.keys()].filter((url) => url !== INDEX);

describe("the cache", () => {
  it("keeps a file, and what version it is", async () => {
    storage();
    const { blob, notKept } = await store("a", file(), VERSION);
    expect([blob.size, notKept]).toEqual([100, null]);
    const found = await (await opened()).find(key("a"));
    expect(found?.blob.size).toBe(100);
    expect(found?.version).toEqual(VERSION);
    expect(await (await opened()).find(key("b"))).toBeNull();
  });

  it("keeps an empty file", async () => {
    storage();
    expect((await store("a", file(0))).notKept).toBeNull();
    expect((await (await opened()).find(key("a")))?.blob.size).toBe(0);
  });

  it("keeps a long file in parts, and is tidy", async () => {
    const stored = storage();
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
    async function* counting() {
      for (let start = 0; start < 100; start += 10) yield bytes.slice(start, start + 10);
    }
    for (const version of [NONE, VERSION]) await store("a", counting(), version, 30);
    // Three parts, and the entry with the end. Those of the version before are gone.
    expect(keysOf(stored)).toHaveLength(4);
    const found = await (await opened()).find(key("a"));
    expect(new Uint8Array((await found?.blob.arrayBuffer()) ?? [])).toEqual(bytes);
    expect(found?.version).toEqual(VERSION);
    expect(await cachedWeights()).toEqual({ files: 1, bytes: 100 });

    await (await opened()).drop(key("a"));
    expect(keysOf(stored)).toEqual([]);
  });

  it.each([
    ["missing", (stored: StoredEntries, part: string) => stored.delete(part)],
    [
      "shorter than it was",
      (stored: StoredEntries, part: string) =>
        stored.set(part, { body: new Blob(["short"]), headers: new Headers() }),
    ],
  ])("does not hand out a file of which a part is %s", async (_, damage) => {
    const stored = storage();
    await store("a", file(), NONE, 30);
    damage(stored, keysOf(stored).find((url) => url.includes("/part/")) ?? "");
    expect(await (await opened()).find(key("a"))).toBeNull();
    expect(keysOf(stored)).toEqual([]);
  });

  it("takes no more than a part before it puts it away", async () => {
    let asked = 0;
    let most = 0;
    let put = 0;
    storage();
    const { put: really } = await caches.open("");
    Object.assign(await caches.open(""), {
      async put(url: string, response: Response) {
        if (url !== INDEX) put += 3;
        most = Math.max(most, asked - put);
        await really(url, response);
      },
    });
    async function* counted() {
      for await (const piece of file()) {
        asked += 1;
        yield piece;
      }
    }
    await store("a", counted(), NONE, 30);
    expect(asked).toBe(10);
    // The next one is at hand while one is put away.
    expect(most).toBeLessThanOrEqual(3);
  });

  it("keeps nothing of a file that fails on the way", async () => {
    const stored = storage();
    const fault = new Error("wrong checksum");
    async function* failing() {
      yield* file();
      throw fault;
    }
    await expect(store("a", failing(), NONE, 30)).rejects.toBe(fault);
    expect([...stored.keys()]).toEqual([]);
  });

  it.each([
    ["there is no room", { room: 20 }, "quota"],
    ["there is no more room in the middle", { totalRoom: 50 }, "quota"],
    ["there is no more room at the end", { totalRoom: 95 }, "quota"],
    [
      "the browser fails",
      {
        beforePut: () => {
          throw new DOMException("disk", "UnknownError");
        },
      },
      "unavailable",
    ],
  ])("gives the file all the same, and says why it is not kept: %s", async (_, what, why) => {
    const stored = storage(what);
    const { blob, notKept } = await store("a", file(), NONE, 30);
    expect([blob.size, notKept]).toEqual([100, why]);
    expect([...stored.keys()]).toEqual([]);
  });

  it("does not trust a browser that keeps half of it", async () => {
    const stored = storage();
    const { put } = await caches.open("");
    const half = async (url: string, response: Response) => {
      await put(url, new Response((await response.blob()).slice(50)));
    };
    Object.assign(await caches.open(""), { put: half });
    const { blob, notKept } = await store("a");
    expect([blob.size, notKept]).toEqual([100, "unavailable"]);
    expect([...stored.keys()]).toEqual([]);
  });

  it("does not hand out what is not as long as it was", async () => {
    const stored = storage();
    await store("a");
    stored.set(key("a"), { body: new Blob(["short"]), headers: new Headers() });
    expect(await (await opened()).find(key("a"))).toBeNull();
    expect(stored.has(key("a"))).toBe(false);
  });

  it("drops what was used longest ago", async () => {
    const stored = storage();
    for (const name of ["a", "b", "c", "d"]) await store(name);
    const facts = { url: address("a"), sha256: null };
    await (await opened()).touch(key("a"), { ...facts, bytes: 100, digests: [] });
    await store("e");
    await store("f");
    expect(keysOf(stored).sort()).toEqual(["a", "d", "e", "f"].map(key));
  });

  it("does not drop what the page's own manifests named, however many others come", async () => {
    vi.stubGlobal("origin", "https://page.test");
    const stored = storage();
    const named = (manifest: string) => ({
      url: address("default"),
      sha256: null,
      manifest: { url: manifest, says: { file: "", bytes: 100, sha256: "" } },
    });
    const cache = await opened();
    const [own, foreign] = [keyOfContent("0".repeat(64)), keyOfContent("1".repeat(64))];
    await cache.store(own, file(), named("https://page.test/manifest.json"), () => NONE);
    await cache.store(foreign, file(), named("https://files.test/manifest.json"), () => NONE);
    for (const name of ["a", "b", "c", "d", "e"]) await store(name);
    expect(keysOf(stored).sort()).toEqual([own, ...["b", "c", "d", "e"].map(key)].sort());
    await cache.makeRoom();
    expect(keysOf(stored)).toEqual([own]);
  });

  it("tidies up after a tab that ended while it stored, but not while one stores", async () => {
    const stored = storage();
    await store("a", file(), NONE, 30);
    const left = [`${key("a")}/part/0/0`, `${key("b")}/part/0/0`, `${key("b")}/part/0/1`];
    for (const part of left) stored.set(part, { body: new Blob(["x"]), headers: new Headers() });
    const kept = () => keysOf(stored).filter((url) => left.includes(url));
    // Who stores has the file's lock.
    const busy = vi.fn((_name: string, _options: object, work: (lock: null) => unknown) =>
      work(null),
    );
    vi.stubGlobal("navigator", { locks: { request: busy } });
    await (await opened()).tidy();
    expect(kept()).toEqual(left);
    vi.stubGlobal("navigator", {
      locks: {
        request: (_name: string, _options: object, work: (lock: object) => unknown) => work({}),
      },
    });
    await (await opened()).tidy();
    expect(kept()).toEqual([]);
    expect((await (await opened()).find(key("a")))?.blob.size).toBe(100);
  });

  it.each([
    ["lost", () => undefined],
    ["damaged", () => ({ body: new Blob(["{"]), headers: new Headers() })],
  ])("does with its index %s", async (_, left) => {
    const stored = storage();
    for (const length of [10, 20, 30, 40]) await store(length, file(length));
    const index = left();
    if (index) stored.set(INDEX, index);
    else stored.delete(INDEX);
    expect(await cachedWeights()).toEqual({ files: 4, bytes: 100 });
    expect((await (await opened()).find(key(10)))?.blob.size).toBe(10);
    await store(50, file(50));
    expect((await cachedWeights()).files).toBe(4);
    expect(await (await opened()).find(key(50))).not.toBeNull();
  });

  it("keeps a file even if its index cannot be written", async () => {
    storage({
      beforePut: (url) => {
        if (url === INDEX) throw new DOMException("no room", "QuotaExceededError");
      },
    });
    expect((await store("a")).notKept).toBeNull();
    expect(await (await opened()).find(key("a"))).not.toBeNull();
  });

  it("reports its size, and can be cleared", async () => {
    storage();
    expect(await cachedWeights()).toEqual({ files: 0, bytes: 0 });
    await store("a", file(30));
    await store("b", file(70), NONE, 30);
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

it("keys of content and of addresses are never the same", () => {
  const sha256 = "0".repeat(64);
  const spoofs = [
    keyOfContent(sha256),
    `https://files.test/a?sha256=${sha256}`,
    `https://weights.invalid/sha256/${sha256}/part/0/0`,
    `https://weights.invalid/../sha256/${sha256}`,
    INDEX,
  ];
  for (const spoof of spoofs) {
    const made = new Request(keyOfAddress(spoof)).url;
    expect(made).toMatch(/^https:\/\/weights\.invalid\/url\/[^/]+$/);
    expect(made).toBe(keyOfAddress(spoof));
  }
});

it.each([
  ["fits", 100, { quota: 1000, usage: 900 }, true],
  ["does not fit", 101, { quota: 1000, usage: 900 }, false],
  ["has no known length", null, { quota: 1000, usage: 900 }, true],
  ["may fit: the browser does not report its quota", 100, {}, true],
] as const)("a file that %s", async (_, bytes, estimate, fits) => {
  storage({ estimate });
  expect(await hasRoomFor(bytes)).toBe(fits);
  noStorage();
  expect(await hasRoomFor(bytes)).toBe(true);
});
