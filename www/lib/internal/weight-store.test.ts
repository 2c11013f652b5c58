import * as Comlink from "comlink";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ResNetError } from "../../protocol/errors";
import { Classifier } from "../public/classifier";
import { FakeWorker } from "./fake-worker";
import { heldOf } from "./garbage";
import { WeightStore } from "./weight-store";
import { Workers } from "./workers";

const ADDRESS = "https://example.org/w.safetensors";
const request = (id: number, weights: string | Blob = ADDRESS) => ({ id, weights, choices: {} });

/** What the weights' worker was asked, in order. */
let log: string[];
/** What fetching gives, one after the other; `kept` where there is no more. */
let outcomes: ("kept" | "not kept" | "weights-download")[];
/** Releases what is being fetched. */
let arrive: () => void;

/** The worker of the store, which fetches without a network; any other is an engine. */
class FakeStoreWorker extends EventTarget {
  readonly #port: MessagePort;

  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.addEventListener("message", ({ data }) =>
      this.dispatchEvent(new MessageEvent("message", { data })),
    );
    port1.start();
    Comlink.expose(
      {
        fetch: async (load: number, url: string) => {
          log.push(`fetch ${url}`);
          await new Promise<void>((resolve) => {
            arrive = resolve;
            if (!this.holds) resolve();
          });
          if (FakeStoreWorker.cancelled.has(load)) return failed("aborted");
          const outcome = outcomes.shift() ?? "kept";
          if (outcome === "weights-download") return failed(outcome);
          const kept =
            outcome === "kept" ? { cached: true } : { cached: false, reason: "unavailable" };
          return { ok: true, value: { blob: new Blob(["w"]), name: "w", kept } };
        },
        cancel: (load: number) => {
          log.push("cancel");
          FakeStoreWorker.cancelled.add(load);
          arrive();
        },
        cached: async () => ({ ok: true, value: { files: 1, bytes: 1 } }),
        forget: async (url: string) => {
          log.push(`forget ${url}`);
          return { ok: true, value: undefined };
        },
      },
      port2,
    );
  }

  static holding = false;
  static cancelled = new Set<number>();
  readonly holds = FakeStoreWorker.holding;

  postMessage(message: unknown, transfer: Transferable[] = []) {
    this.#port.postMessage(message, transfer);
  }

  terminate() {
    log.push("end");
    this.#port.close();
  }
}

const failed = (code: string) => ({ ok: false, error: { code, message: code } });

beforeEach(() => {
  [log, outcomes] = [[], []];
  FakeStoreWorker.holding = false;
  FakeStoreWorker.cancelled.clear();
  vi.stubGlobal("document", { baseURI: "https://example.org/" });
  vi.stubGlobal("Worker", function start(url: URL) {
    return /weights\/store/.test(url.href) ? new FakeStoreWorker() : new FakeWorker();
  });
});
afterEach(() => {
  FakeWorker.reset();
  vi.unstubAllGlobals();
});

const nothing = () => {};

describe("a store", () => {
  it("starts no worker for a file", async () => {
    const blob = new Blob(["w"]);
    const file = await new WeightStore(new Workers()).file(request(1, blob), nothing);
    expect(file).toEqual({ blob, kept: { cached: false, reason: "file" } });
    expect(log).toEqual([]);
  });

  it("in use keeps no answer in memory", async () => {
    const store = new WeightStore(new Workers());
    const answers: WeakRef<object>[] = [];
    for (let i = 0; i < 100; i += 1) answers.push(new WeakRef(await store.cached()));
    expect(await heldOf(answers)).toBe(0);
    store.close(new ResNetError("aborted", "over"));
  });

  it.each(["kept", "not kept"] as const)("fetches a file once, %s by the browser", async (kept) => {
    outcomes = [kept];
    const store = new WeightStore(new Workers());
    const first = await store.file(request(1), nothing);
    expect(await store.file(request(1), nothing)).toBe(first);
    expect(log).toEqual([`fetch ${ADDRESS}`]);
  });

  it.each<[string, "kept" | "not kept", string | undefined, number]>([
    ["not where the browser keeps nothing", "not kept", undefined, 1],
    ["not where a SHA-256 says which file it is", "kept", "ab", 1],
    [
      "where it costs no download, since the address may have another file by now",
      "kept",
      undefined,
      2,
    ],
  ])("asks again for another load of the same address: %s", async (_, kept, sha256, fetches) => {
    outcomes = [kept];
    const store = new WeightStore(new Workers());
    const named = sha256 === undefined ? {} : { sha256 };
    await store.file({ ...request(1), ...named }, nothing);
    await store.file({ ...request(2), ...named }, nothing);
    expect(log).toHaveLength(fetches);
  });

  it.each<[string, ReturnType<typeof request> & { sha256?: string }]>([
    ["another address", request(2, "https://example.org/other.safetensors")],
    ["another SHA-256", { ...request(2), sha256: "ab" }],
  ])("shares no file with %s", async (_, other) => {
    outcomes = ["not kept", "not kept"];
    const store = new WeightStore(new Workers());
    await store.file(request(1), nothing);
    await store.file(other, nothing);
    expect(log).toHaveLength(2);
  });

  it("goes on with a download while one of two loads needs it", async () => {
    FakeStoreWorker.holding = true;
    const store = new WeightStore(new Workers());
    const [first, second] = [store.file(request(1), nothing), store.file(request(2), nothing)];
    store.keepOnly([request(2)]);
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    await vi.waitFor(() => expect(log).toHaveLength(1));
    arrive();
    expect(await second).toMatchObject({ name: "w" });
    expect(log).toEqual([`fetch ${ADDRESS}`]);
  });

  it("goes on with the download of a load that is overtaken by one that waits for its turn", async () => {
    FakeStoreWorker.holding = true;
    const store = new WeightStore(new Workers());
    const first = store.file(request(1), nothing);
    store.keepOnly([request(2)]);
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    const second = store.file(request(2), nothing);
    await vi.waitFor(() => expect(log).toHaveLength(1));
    arrive();
    expect(await second).toMatchObject({ name: "w" });
    expect(log).toEqual([`fetch ${ADDRESS}`]);
  });

  it("fetches anew for all later loads what turned out not to be weights", async () => {
    outcomes = ["not kept", "not kept"];
    const store = new WeightStore(new Workers());
    await store.file(request(1), nothing);
    await store.file(request(2), nothing);
    await store.forget(request(2));
    expect([store.has(request(1)), store.has(request(2)), store.has(request(3))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("fetches again what failed", async () => {
    outcomes = ["weights-download", "kept"];
    const store = new WeightStore(new Workers());
    await expect(store.file(request(1), nothing)).rejects.toMatchObject({
      code: "weights-download",
    });
    expect(await store.file(request(1), nothing)).toMatchObject({ name: "w" });
  });

  it("cancels what is on its way when it is not wanted any more", async () => {
    FakeStoreWorker.holding = true;
    const store = new WeightStore(new Workers());
    const file = store.file(request(1), nothing);
    await vi.waitFor(() => expect(log).toHaveLength(1));
    store.keepOnly([]);
    await expect(file).rejects.toMatchObject({ code: "aborted" });
    await vi.waitFor(() => expect(log).toEqual([`fetch ${ADDRESS}`, "cancel"]));
  });

  it("is not revived once it is closed", async () => {
    const store = new WeightStore(new Workers());
    await store.file(request(1), nothing);
    store.close(new ResNetError("aborted", "over"));
    await expect(store.file(request(1), nothing)).rejects.toMatchObject({ code: "aborted" });
    await expect(store.cached()).rejects.toMatchObject({ code: "aborted" });
    expect(log).toEqual([`fetch ${ADDRESS}`, "end"]);
  });
});

describe("two stores that share their files", () => {
  it("fetch a file once, and the worker ends with the last of them", async () => {
    outcomes = ["not kept"];
    const [own, other] = pair();
    await own.file(request(1), nothing);
    await other.file(request(2), nothing);
    other.close(new ResNetError("aborted", "over"));
    expect(own.has(request(1))).toBe(true);
    own.close(new ResNetError("aborted", "over"));
    expect(log).toEqual([`fetch ${ADDRESS}`, "end"]);
  });

  it.each<[string, (own: WeightStore) => void]>([
    ["cancels", (own) => own.keepOnly([])],
    ["is closed", (own) => own.close(new ResNetError("aborted", "over"))],
  ])("go on with a download when one of them %s", async (_, act) => {
    FakeStoreWorker.holding = true;
    const [own, other] = pair();
    const progress = vi.fn();
    const [first, second] = [own.file(request(1), nothing), other.file(request(2), progress)];
    act(own);
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    await vi.waitFor(() => expect(log).toHaveLength(1));
    arrive();
    expect(await second).toMatchObject({ name: "w" });
    expect(log).toEqual([`fetch ${ADDRESS}`]);
  });

  it("need nothing once they are closed", async () => {
    outcomes = ["not kept"];
    const [own, other] = pair();
    await own.file(request(1), nothing);
    other.close(new ResNetError("aborted", "over"));
    other.keepOnly([request(2)]);
    own.keepOnly([]);
    expect(own.has(request(1))).toBe(false);
  });

  it("keep each only what is its own", async () => {
    const [own, other] = pair();
    await own.file(request(1), nothing);
    other.keepOnly([]);
    expect(own.has(request(1))).toBe(true);
  });
});

function pair(): [WeightStore, WeightStore] {
  const own = new WeightStore(new Workers());
  return [own, new WeightStore(new Workers(), own)];
}

describe("a classifier", () => {
  let classifier: Classifier;
  beforeEach(() => {
    classifier = new Classifier();
  });
  afterEach(() => classifier.dispose());

  const fetches = () => log.filter((entry) => entry.startsWith("fetch"));
  const image = () => new File(["cat"], "cat");

  it.each<[string, () => Promise<unknown>]>([
    ["another device", () => classifier.setDevice("webgpu")],
    ["a lost device", async () => FakeWorker.newest.tell({ gpu: "lost", message: "lost" })],
    ["a crash", async () => FakeWorker.newest.tell({ crashed: "unreachable" })],
  ])("fetches nothing again for %s, even where nothing is kept", async (_, act) => {
    outcomes = ["not kept"];
    await classifier.load(ADDRESS);
    await classifier.classify(image());
    await act();
    expect(await classifier.classify(image())).toMatchObject({ model: classifier.model?.id });
    expect(FakeWorker.all).toHaveLength(2);
    expect(fetches()).toHaveLength(1);
  });

  it("fetches nothing again for other choices, or for another classifier that shares its files", async () => {
    outcomes = ["not kept"];
    await classifier.load(ADDRESS);
    await classifier.load(ADDRESS, { arithmetic: "int8" });
    const other = new Classifier({ sharesFilesWith: classifier });
    await other.load(ADDRESS);
    other.dispose();
    expect(await classifier.load(ADDRESS)).toEqual(classifier.model);
    expect(fetches()).toHaveLength(1);
  });

  it("does not lose a download with the worker that waits for it", async () => {
    FakeStoreWorker.holding = true;
    const loaded = classifier.load(ADDRESS);
    await vi.waitFor(() => expect(log).toHaveLength(1));
    FakeWorker.newest.tell({ gpu: "failed", message: "failed" });
    await vi.waitFor(() => expect(FakeWorker.all).toHaveLength(2));
    arrive();
    expect((await loaded).id).toBe(classifier.model?.id);
    expect(fetches()).toHaveLength(1);
  });

  it("builds a file once that arrives after another device was chosen", async () => {
    FakeStoreWorker.holding = true;
    const loaded = classifier.load(ADDRESS);
    await vi.waitFor(() => expect(log).toHaveLength(1));
    await classifier.setDevice("webgpu");
    arrive();
    expect((await loaded).id).toBe(classifier.model?.id);
    expect(FakeWorker.log.filter((entry) => entry.includes(": build"))).toEqual(["1: build "]);
    expect(fetches()).toHaveLength(1);
  });

  it("cancels the download of a load that is overtaken", async () => {
    FakeStoreWorker.holding = true;
    const first = classifier.load(ADDRESS).catch(({ code }) => code);
    await vi.waitFor(() => expect(log).toHaveLength(1));
    await classifier.load(new File(["small"], "small"));
    expect(await first).toBe("aborted");
    await vi.waitFor(() => expect(log).toContain("cancel"));
  });

  it("forgets what is no weights, and fetches it anew", async () => {
    const load = () => classifier.load(ADDRESS, { name: "bad" }).catch(({ code }) => code);
    expect([await load(), await load()]).toEqual(["weights-format", "weights-format"]);
    const once = [`fetch ${ADDRESS}`, `forget ${ADDRESS}`];
    expect(log).toEqual([...once, ...once]);
  });

  it("ends the store with itself", async () => {
    await classifier.load(ADDRESS);
    classifier.dispose();
    expect(log.at(-1)).toBe("end");
  });
});
