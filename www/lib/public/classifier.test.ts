import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ResNetError } from "../../protocol/errors";
import { FakeWorker } from "../internal/fake-worker";
import { heldOf } from "../internal/garbage";
import { rememberSpeeds, speedsKey } from "../internal/speeds";
import {
  Classifier,
  type ClassifierOptions,
  createClassifier,
  type DeviceOptions,
  type LoadOptions,
} from "./classifier";
import type { ImageInput } from "./image-input";

const { hold } = FakeWorker;
const file = (name: string) => new File([name], name);

let classifier: Classifier;
/** What the classifier told unasked. */
let told: string[] = [];
/** What the browser keeps. */
const kept = new Map<string, string>();

function create(options: DeviceOptions = {}): Classifier {
  classifier = new Classifier({
    onModel: ({ info }) => told.push(`model ${info.architecture}`),
    onModelCrash: ({ code }) => told.push(code),
    ...options,
  });
  return classifier;
}

beforeEach(() => {
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("document", { baseURI: "https://page.example/folder/" });
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
  told = [];
  create();
});
afterEach(() => {
  classifier.dispose();
  FakeWorker.reset();
  kept.clear();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Loads a file; its outcome is the model's name or the error's code. */
const load = (name: string, options?: LoadOptions) =>
  classifier.load(file(name), options).then(
    ({ info }) => info.architecture,
    ({ code }: ResNetError) => code,
  );

/** By which model a photo is classified, or the error's code. */
const classify = (name = "cat", signal?: AbortSignal) =>
  classifier.classify(file(name), { ...(signal && { signal }) }).then(
    (answer) => (answer as unknown as { by: string }).by,
    ({ code }: ResNetError) => code,
  );

/** What the page shows, and what the worker answers with: they have to be the same. */
const shownAndUsed = async () => {
  const answer = await classifier.classify(file("photo"));
  return {
    shown: classifier.model?.info.architecture,
    used: (answer as unknown as { by: string }).by,
    isOwn: answer.model === classifier.model?.id,
  };
};
const both = (name: string) => ({ shown: name, used: name, isOwn: true });

/** Waits until something stands in the log. */
const until = (entry: string, times = 1) =>
  vi.waitFor(() =>
    expect(FakeWorker.log.filter((logged) => logged.endsWith(`: ${entry}`)).length).toBe(times),
  );

describe("a load that is given up takes no effect", () => {
  const WAYS: Record<string, () => Promise<unknown>> = {
    "overtaken by a file that is no weights, while it is built": async () => {
      const release = hold("build slow");
      const slow = load("slow");
      await until("build slow");
      const bad = load("bad");
      release();
      return [await slow, await bad];
    },
    "overtaken before it has begun": async () => Promise.all([load("slow"), load("bad")]),
    "aborted while it is built": async () => {
      const abort = new AbortController();
      const release = hold("build slow");
      const slow = load("slow", { signal: abort.signal });
      await until("build slow");
      abort.abort();
      release();
      return [await slow, await load("bad")];
    },
    "aborted while it is downloaded": async () => {
      const abort = new AbortController();
      hold("load slow");
      const slow = load("slow", { signal: abort.signal });
      await until("load slow");
      abort.abort();
      return [await slow, await load("bad")];
    },
  };
  it.each(Object.entries(WAYS))("%s", async (_, way) => {
    await load("small");
    expect(await way()).toEqual(["aborted", "weights-format"]);
    expect(await shownAndUsed()).toEqual(both("small"));
    expect(FakeWorker.all.length).toBe(1);
  });

  it("aborted while a device is awaited", async () => {
    kept.set("resnet-web:speeds", "");
    const request = { weights: file("slow"), choices: { name: "slow" } };
    rememberSpeeds(speedsKey(request), "test", { cpu: 2, webgpu: 1 });
    hold("open cpu");
    const abort = new AbortController();
    const slow = load("slow", { signal: abort.signal });
    await until("open cpu");
    abort.abort();
    expect(await slow).toBe("aborted");
    expect(FakeWorker.log).toEqual(["0: open cpu"]);
  });

  it("and cancelling it late does not touch the next", async () => {
    const abort = new AbortController();
    const first = load("first", { signal: abort.signal });
    const release = hold("build second");
    const second = load("second");
    await until("build second");
    abort.abort();
    release();
    expect([await first, await second]).toEqual(["aborted", "second"]);
    expect(await shownAndUsed()).toEqual(both("second"));
  });
});

it("every answer carries its model's id, which stays the same on another device", async () => {
  await load("small");
  const release = hold("classify slow");
  const slow = classifier.classify(file("slow"));
  await until("classify slow");
  const { id } = classifier.model ?? {};
  await classifier.setDevice("webgpu");
  expect(await shownAndUsed()).toEqual(both("small"));
  expect(classifier.model?.id).toBe(id);
  await load("large");
  release();
  expect((await slow).model).toBe(id);
  expect(classifier.model?.id).not.toBe(id);
  expect(await shownAndUsed()).toEqual(both("large"));
});

describe("what is done at the same time", () => {
  beforeEach(() => load("small"));

  it("a load during a choice of device ends up on that device", async () => {
    const release = hold("build large");
    const large = load("large");
    await until("build large");
    await classifier.setDevice("webgpu");
    release();
    expect(await large).toBe("large");
    expect(await shownAndUsed()).toEqual(both("large"));
    expect((await classifier.device).kind).toBe("webgpu");
  });

  it("a choice of device during a load takes the new model along", async () => {
    const release = hold("open webgpu");
    const chosen = classifier.setDevice("webgpu");
    await until("open webgpu");
    await load("large");
    release();
    await chosen;
    expect(await shownAndUsed()).toEqual(both("large"));
    expect(told).toEqual(["model large"]);
  });

  it("of two choices of a device the last counts, whichever is ready first", async () => {
    const release = hold("open webgpu");
    const first = classifier.setDevice("webgpu").catch(({ code }) => code);
    await until("open webgpu");
    const second = classifier.setDevice("cpu");
    await second;
    release();
    expect(await first).toBe("aborted");
    expect((await classifier.device).kind).toBe("cpu");
    expect(await shownAndUsed()).toEqual(both("small"));
    expect(FakeWorker.alive).toEqual([FakeWorker.newest.place]);
  });

  it("labels follow the model to another device", async () => {
    const release = hold('labels ["a"]');
    const labels = classifier.setLabels(["a"]);
    await until('labels ["a"]');
    await classifier.setDevice("webgpu");
    release();
    await labels;
    await until('labels ["a"]', 2);
    expect(classifier.model?.info.labels).toBe('["a"]');
  });

  it("labels of a model that has gone are not the next one's", async () => {
    const release = hold('labels ["a"]');
    const labels = classifier.setLabels(["a"]).catch(({ code }) => code);
    await until('labels ["a"]');
    await load("large");
    release();
    expect(await labels).toBe("aborted");
    expect(classifier.model?.info.labels).toBeUndefined();
  });
});

describe("the model before stays while another one is loaded into the faster device", () => {
  beforeEach(async () => {
    create({ device: "fastest" });
    await load("small");
    // What is remembered for an adapter counts once it was seen.
    await classifier.setDevice("webgpu");
    await classifier.setDevice("fastest");
    const request = { weights: file("bad"), choices: { name: "bad" } };
    rememberSpeeds(speedsKey(request), "test", { cpu: 2, webgpu: 1 });
  });

  it("and fails", async () => {
    expect(await load("bad")).toBe("weights-format");
    expect(await shownAndUsed()).toEqual(both("small"));
  });
});

describe("a worker that does not hear that a load is given up", () => {
  const giveUp = async (also: () => Promise<unknown> = async () => {}) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const abort = new AbortController();
    const deaf = load("deaf", { signal: abort.signal });
    await vi.waitFor(() => expect(FakeWorker.newest.isDeaf).toBe(true));
    const other = also();
    abort.abort();
    expect(await deaf).toBe("aborted");
    await vi.advanceTimersByTimeAsync(999);
    expect(FakeWorker.all.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    return other;
  };

  it("is terminated after a second, and the previous model is loaded in a new one", async () => {
    await load("small");
    await giveUp();
    expect(await shownAndUsed()).toEqual(both("small"));
    expect(FakeWorker.alive).toEqual([1]);
    expect(told).toEqual(["model small"]);
  });

  it("so that a photo behind it is answered by the model before", async () => {
    await load("small");
    expect(await giveUp(() => classify())).toBe("small");
  });

  it("so that a photo that comes then is, too", async () => {
    await load("small");
    const abort = new AbortController();
    void load("deaf", { signal: abort.signal });
    await vi.waitFor(() => expect(FakeWorker.newest.isDeaf).toBe(true));
    abort.abort();
    expect(await classify()).toBe("small");
  });

  it("where nothing was loaded before, the next load works", async () => {
    await giveUp();
    expect(await load("small")).toBe("small");
    expect(await shownAndUsed()).toEqual(both("small"));
  });

  it("is terminated for the next load as well", async () => {
    await load("small");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const deaf = load("deaf");
    await vi.waitFor(() => expect(FakeWorker.newest.isDeaf).toBe(true));
    const next = load("large");
    expect(await deaf).toBe("aborted");
    await vi.advanceTimersByTimeAsync(1000);
    expect(await next).toBe("large");
    expect(await shownAndUsed()).toEqual(both("large"));
  });

  it("is left alone while it does something else", async () => {
    await load("small");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const release = hold("load slow");
    const slow = load("slow");
    await vi.waitFor(() => expect(FakeWorker.log).toContain("0: load slow"));
    // A long run.
    FakeWorker.newest.isDeaf = true;
    const next = load("large");
    expect(await slow).toBe("aborted");
    await vi.advanceTimersByTimeAsync(10_000);
    FakeWorker.newest.listen();
    release();
    expect(await next).toBe("large");
    expect(FakeWorker.all.length).toBe(1);
  });
});

describe("an image", () => {
  beforeEach(() => load("small"));

  it("that is given up is cancelled in the worker", async () => {
    const release = hold("classify cat");
    const abort = new AbortController();
    const cat = classify("cat", abort.signal);
    await until("classify cat");
    abort.abort();
    expect(await cat).toBe("aborted");
    await until("cancel");
    release();
  });

  it("that is given up before it was sent is not", async () => {
    const abort = new AbortController();
    const cat = classify("cat", abort.signal);
    abort.abort();
    expect([await cat, await classify("dog", abort.signal)]).toEqual(["aborted", "aborted"]);
    expect(await classify("mouse")).toBe("small");
    expect(FakeWorker.log.filter((entry) => /classify/.test(entry))).toEqual(["0: classify mouse"]);
  });

  it("that is drawn is closed where it cannot be sent", async () => {
    const close = vi.fn();
    vi.stubGlobal("createImageBitmap", async () => ({ close }));
    const abort = new AbortController();
    const frame = classifier
      .classify({} as HTMLVideoElement, { signal: abort.signal })
      .catch(({ code }) => code);
    abort.abort();
    expect(await frame).toBe("aborted");
    const drawn = classifier.classify({} as HTMLVideoElement).catch(({ code }) => code);
    classifier.dispose();
    expect(await drawn).toBe("aborted");
    expect(close).toHaveBeenCalledTimes(2);
  });

  it("that is drawn is drawn at once, as it is when it is passed", () => {
    const draw = vi.fn(async () => ({ close: () => {} }));
    vi.stubGlobal("createImageBitmap", draw);
    classifier.classify({} as HTMLVideoElement).catch(() => {});
    classifier.inspect({} as HTMLVideoElement).catch(() => {});
    expect(draw).toHaveBeenCalledTimes(2);
  });
});

describe("a signal's reason is the cause of the error, whose name is AbortError", () => {
  const loads = (signal: AbortSignal) => classifier.load(file("slow"), { signal });
  const WAYS: Record<string, [string | undefined, (signal: AbortSignal) => Promise<unknown>]> = {
    "a load that is built": ["build slow", loads],
    "a load that is sent": ["load slow", loads],
    "an image that is classified": [
      "classify cat",
      (signal) => classifier.classify(file("cat"), { signal }),
    ],
    "an image that is inspected": [
      "inspect cat",
      (signal) => classifier.inspect(file("cat"), { signal }),
    ],
    "a classifier that is made": [
      "build new",
      (signal) => createClassifier({ weights: file("new"), signal }),
    ],
    "many images": [
      "classify cat",
      (signal) => classifier.classifyMany([file("cat")], { signal }).next(),
    ],
  };
  const expected = { code: "aborted", name: "AbortError", cause: "enough" };

  it.each(Object.entries(WAYS))("%s", async (_, [held, way]) => {
    await load("small");
    const abort = new AbortController();
    if (held) hold(held);
    const outcome = way(abort.signal);
    if (held) await until(held);
    abort.abort("enough");
    await expect(outcome).rejects.toMatchObject(expected);
  });

  it.each(Object.entries(WAYS))("%s, before it has begun", async (_, [, way]) => {
    await load("small");
    const before = [...FakeWorker.log];
    await expect(way(AbortSignal.abort("enough"))).rejects.toMatchObject(expected);
    expect(FakeWorker.log).toEqual(before);
    expect(FakeWorker.all.length).toBe(1);
  });

  it("a classifier that is not made leaves no worker", async () => {
    const abort = new AbortController();
    hold("build new");
    const made = createClassifier({ weights: file("new"), signal: abort.signal });
    await until("build new");
    abort.abort();
    await expect(made).rejects.toMatchObject({ code: "aborted" });
    classifier.dispose();
    expect(FakeWorker.alive).toEqual([]);
  });

  it("other errors have the name ResNetError", async () => {
    await expect(classifier.load(file("bad"))).rejects.toMatchObject({ name: "ResNetError" });
  });
});

describe("an image at an address", () => {
  const fetched = vi.fn<typeof fetch>();
  beforeEach(async () => {
    fetched.mockReset();
    vi.stubGlobal("fetch", fetched);
    await load("small");
  });

  it.each<[ImageInput, string]>([
    ["cat.jpg", "https://page.example/folder/cat.jpg"],
    [new URL("https://other.example/cat.jpg"), "https://other.example/cat.jpg"],
  ])("%s is fetched and classified", async (address, whole) => {
    fetched.mockImplementation(async () => new Response("cat"));
    await classifier.classify(address);
    expect(fetched.mock.calls).toEqual([[whole, { signal: expect.any(AbortSignal) }]]);
    await until("classify the image");
  });

  it.each(["classify", "inspect"] as const)(
    "is not fetched any further for %s when the classifier is disposed of, and not begun later",
    async (method) => {
      fetched.mockImplementation(
        (_, options) =>
          new Promise((__, reject) => {
            const { signal } = options as { signal: AbortSignal };
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
      );
      const call = () => classifier[method]("cat.jpg").catch(({ code }) => code);
      const before = call();
      classifier.dispose();
      expect([await before, await call()]).toEqual(["aborted", "aborted"]);
      expect(fetched).toHaveBeenCalledTimes(1);
      expect(fetched.mock.calls[0]?.[1]?.signal?.aborted).toBe(true);
    },
  );

  it("is relative to a worker's own address where there is no document", async () => {
    vi.stubGlobal("document", undefined);
    vi.stubGlobal("location", { href: "https://page.example/workers/own.js" });
    fetched.mockImplementation(async () => new Response("cat"));
    await classifier.inspect("cat.jpg");
    expect(fetched.mock.calls).toEqual([
      ["https://page.example/workers/cat.jpg", { signal: expect.any(AbortSignal) }],
    ]);
  });

  it.each<[string, () => Promise<Response>, RegExp]>([
    ["that is not there", async () => new Response("", { status: 404 }), /answered 404/],
    ["that does not arrive", () => Promise.reject(new TypeError("Failed to fetch")), /CORS/],
  ])("%s", async (_, answer, message) => {
    fetched.mockImplementation(answer);
    await expect(classifier.classify("cat.jpg")).rejects.toMatchObject({
      code: "image-download",
      message: expect.stringMatching(message),
    });
  });

  it("that is given up is not fetched any further", async () => {
    const abort = new AbortController();
    fetched.mockImplementation((_, options) => {
      const { signal } = options as { signal: AbortSignal };
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    const cat = classifier.classify("cat.jpg", { signal: abort.signal });
    abort.abort("enough");
    await expect(cat).rejects.toMatchObject({ code: "aborted", cause: "enough" });
  });

  it("and none that nothing is fetched from", async () => {
    await expect(classifier.classify("ftp://cat.example")).rejects.toMatchObject({
      code: "address",
    });
  });
});

describe("an element", () => {
  beforeEach(() => load("small"));

  it("that shows no image is refused with what to wait for", async () => {
    vi.stubGlobal("createImageBitmap", () =>
      Promise.reject(new DOMException("The image is broken.", "InvalidStateError")),
    );
    await expect(classifier.classify({} as HTMLImageElement)).rejects.toMatchObject({
      code: "image-decode",
      message: expect.stringMatching(/The image is broken.*decode\(\)/),
    });
  });

  it("of another origin, which keeps its pixels, is refused with what to do", async () => {
    const close = vi.fn();
    vi.stubGlobal("createImageBitmap", async () => ({ close }));
    vi.spyOn(FakeWorker.prototype, "postMessage").mockImplementationOnce(() => {
      throw new DOMException("not origin-clean", "DataCloneError");
    });
    await expect(classifier.classify({} as HTMLImageElement)).rejects.toMatchObject({
      code: "image-cross-origin",
      message: expect.stringContaining("crossorigin"),
    });
    expect(close).toHaveBeenCalled();
  });
});

describe("a model that crashes the code", () => {
  it("when it is built is not loaded again, and the one before is back", async () => {
    await load("small");
    expect(await load("fatal")).toBe("model-crashed");
    expect(await shownAndUsed()).toEqual(both("small"));
    expect(FakeWorker.log.filter((entry) => /load fatal/.test(entry))).toEqual(["0: load fatal"]);
    expect(FakeWorker.alive).toEqual([1]);
  });

  it("does not use up the restarts", async () => {
    await load("small");
    for (let again = 0; again < 5; again += 1) expect(await load("fatal")).toBe("model-crashed");
    expect(await shownAndUsed()).toEqual(both("small"));
  });

  it("at its first photo makes room for the one before", async () => {
    await load("small");
    await classify();
    await load("poison");
    expect(await classify()).toBe("runtime-crashed");
    expect(await shownAndUsed()).toEqual(both("small"));
    expect(told).toEqual(["model-crashed", "model small"]);
  });

  it("at its first photo leaves none where there was none", async () => {
    await load("poison");
    expect(await classify()).toBe("runtime-crashed");
    expect(told).toEqual(["model-crashed"]);
    expect(classifier.model).toBeUndefined();
    expect(await classify()).toBe("not-ready");
    expect(await load("small")).toBe("small");
    expect(await shownAndUsed()).toEqual(both("small"));
  });

  it("on a GPU is tried on the CPU once", async () => {
    create({ device: "webgpu" });
    await classifier.device;
    expect(await load("fatal")).toBe("model-crashed");
    expect((await classifier.device).kind).toBe("cpu");
    const places = FakeWorker.log.filter((entry) => /load fatal/.test(entry));
    expect(places).toEqual(["1: load fatal", "2: load fatal"]);
  });
});

describe("an image whose worker is replaced while it is classified", () => {
  beforeEach(() => load("small"));

  const trouble: Record<string, (worker: FakeWorker) => void> = {
    "runtime-crashed": (worker) => worker.tell({ crashed: "unreachable" }),
    "device-lost": (worker) => worker.tell({ gpu: "lost", message: "lost" }),
    "device-failed": (worker) => worker.tell({ gpu: "failed", message: "failed" }),
  };
  const failsSoOften = async (code: string, times: number) => {
    await classify();
    const release = hold("classify held");
    const held = classify("held");
    for (let time = 1; time <= times; time += 1) {
      await until("classify held", time);
      trouble[code]?.(FakeWorker.newest);
    }
    release();
    return held;
  };

  it.each([
    ["runtime-crashed", 1, "small"],
    ["runtime-crashed", 2, "runtime-crashed"],
    ["device-failed", 1, "small"],
    ["device-lost", 2, "small"],
    ["device-lost", 3, "device-lost"],
  ])("by %s, %i times, is answered: %s", async (code, times, outcome) => {
    expect(await failsSoOften(code, times)).toBe(outcome);
  });

  it("is drawn again where it was drawn", async () => {
    const bitmap = vi.fn(async () => new Blob());
    vi.stubGlobal("createImageBitmap", bitmap);
    const release = hold("classify the image");
    const frame = classifier.classify({} as HTMLVideoElement);
    await until("classify the image");
    trouble["device-lost"]?.(FakeWorker.newest);
    await until("classify the image", 2);
    release();
    expect((await frame).model).toBe(classifier.model?.id);
    expect(bitmap).toHaveBeenCalledTimes(2);
  });
});

it("code that crashes without a culprit is started three times again", async () => {
  await load("small");
  for (let crashes = 0; crashes < 3; crashes += 1) {
    FakeWorker.newest.tell({ crashed: "unreachable" });
    await vi.waitFor(() => expect(FakeWorker.all.length).toBe(crashes + 2));
    expect(await shownAndUsed()).toEqual(both("small"));
  }
  FakeWorker.newest.tell({ crashed: "unreachable" });
  await vi.waitFor(() => expect(FakeWorker.alive).toEqual([]));
  expect([await classify(), await load("small")]).toEqual(["runtime-given-up", "runtime-given-up"]);
});

describe("a call made while a model is loaded", () => {
  it("is answered by the model in use, and the one that comes is in use from then on", async () => {
    await load("small");
    const release = hold("build large");
    const large = load("large");
    await until("build large");
    expect(await classify()).toBe("small");
    release();
    await large;
    expect(await classify()).toBe("large");
  });

  it("fails where there is none yet", async () => {
    const release = hold("build large");
    const large = load("large");
    await until("build large");
    expect(await classify()).toBe("not-ready");
    release();
    expect(await large).toBe("large");
  });
});

it("several classifiers have a worker and a model each, and end each for itself", async () => {
  const [one, other] = [new Classifier(), new Classifier()];
  await Promise.all([one.load(file("one")), other.load(file("other"))]);
  const by = async (from: Classifier) =>
    ((await from.classify(file("cat"))) as unknown as { by: string }).by;
  expect(await Promise.all([by(one), by(other)])).toEqual(["one", "other"]);
  one.dispose();
  await expect(by(one)).rejects.toMatchObject({ code: "aborted" });
  expect(await by(other)).toBe("other");
  other.dispose();
  other.dispose();
  expect(FakeWorker.alive).toEqual([0]);
});

describe("a classifier that was disposed of", () => {
  it.each([
    ["load", () => classifier.load(file("small"))],
    ["setDevice", () => classifier.setDevice("cpu")],
    ["setThreads", () => classifier.setThreads(1)],
    ["setLabels", () => classifier.setLabels(["a"])],
    ["classify", () => classifier.classify(file("cat"))],
    ["embed", () => classifier.embed(file("cat"))],
    ["inspect", () => classifier.inspect(file("cat"))],
    ["featureMaps", () => classifier.featureMaps(0, 0, 1)],
    ["describe", () => classifier.describe(["a"])],
    ["previewWeights", () => classifier.previewWeights("https://host.example/a.pth")],
    ["cachedWeights", () => classifier.cachedWeights()],
    ["clearCachedWeights", () => classifier.clearCachedWeights()],
    ["classifyMany", () => classifier.classifyMany([file("cat")]).next()],
    ["classifyStream", () => classifier.classifyStream(new ReadableStream(), () => {})],
  ])("is not revived by %s", async (_, call: () => Promise<unknown>) => {
    await load("small");
    const before = call().catch(({ code }) => code);
    classifier.dispose();
    expect(await before).toBe("aborted");
    await expect(call()).rejects.toMatchObject({ code: "aborted" });
    expect(FakeWorker.alive).toEqual([]);
  });

  it("ends a worker that was replaced and has not completed its calls", async () => {
    await load("small");
    hold("classify slow");
    const slow = classify("slow");
    await until("classify slow");
    await classifier.setDevice("webgpu");
    expect(FakeWorker.alive).toEqual([0, 1]);
    classifier.dispose();
    expect(FakeWorker.alive).toEqual([]);
    expect(await slow).toBe("aborted");
  });
});

it("results of a classifier in use are garbage once they are not needed", async () => {
  await load("small");
  const results: WeakRef<object>[] = [];
  for (let i = 0; i < 100; i += 1)
    results.push(new WeakRef(await classifier.classify(file("cat"))));
  expect(await heldOf(results)).toBe(0);
});

it("classifiers that were disposed of are garbage", async () => {
  const rounds = async () => {
    const others: WeakRef<Classifier>[] = [];
    for (let round = 0; round < 5; round += 1) {
      const other = await createClassifier({ weights: file("small") });
      await other.classify(file("cat"));
      other.dispose();
      others.push(new WeakRef(other));
    }
    return others;
  };
  const others = await rounds();
  // The tests hold their workers, too.
  classifier.dispose();
  FakeWorker.reset();
  expect(await heldOf(others)).toBe(0);
});

describe("a worker that cannot be had", () => {
  const outcomes = async () => {
    const [device, model] = await Promise.allSettled([
      classifier.device,
      classifier.load(file("small")),
    ]);
    return [device, model].map((outcome) => (outcome as PromiseRejectedResult).reason);
  };
  const expected = (message: RegExp) =>
    expect.objectContaining({
      code: "worker-unavailable",
      message: expect.stringMatching(message),
    });

  it("because the browser refuses it", async () => {
    vi.stubGlobal("Worker", function Worker() {
      throw new DOMException("Failed to construct 'Worker'.", "SecurityError");
    });
    create();
    const told = expected(/Failed to construct 'Worker'.*sandbox/);
    expect(await outcomes()).toEqual([told, told]);
    const close = vi.fn();
    vi.stubGlobal("createImageBitmap", async () => ({ close }));
    const frame = classifier.classify({} as HTMLVideoElement);
    await expect(frame).rejects.toMatchObject({ code: "worker-unavailable" });
    expect(close).toHaveBeenCalled();
  });

  it("because its script fails", async () => {
    FakeWorker.runs = false;
    create();
    const all = outcomes();
    await vi.waitFor(() => expect(FakeWorker.all.length).toBe(2));
    FakeWorker.newest.dispatchEvent(new Event("error"));
    const told = expected(/gives no reason.*module workers/);
    expect(await all).toEqual([told, told]);
    // It is tried again on the next request.
    FakeWorker.runs = true;
    expect(await load("small")).toBe("small");
  });

  it("because its script never runs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    FakeWorker.runs = false;
    hold("open cpu");
    hold("load small");
    create();
    const all = outcomes();
    await vi.advanceTimersByTimeAsync(60_000);
    const told = expected(/within 60 seconds/);
    expect(await all).toEqual([told, told]);
  });
});

it.each([
  ["setDevice", (device: never) => classifier.setDevice(device)],
  ["createClassifier", (device: never) => createClassifier({ weights: "w", device })],
])("%s refuses a device that there is none of", async (_, call) => {
  for (const device of ["tpu", "", "toString", null]) {
    await expect(call(device as never)).rejects.toMatchObject({
      code: "argument",
      message: expect.stringContaining('Pass "auto", "fastest", "cpu", "webgpu".'),
    });
  }
});

describe("an embedding", () => {
  it.each([
    ["as it is", {}, [3, 0, 4]],
    ["divided by its length", { normalize: true }, [0.6, 0, 0.8]],
  ])("is returned %s", async (_, options, expected) => {
    await load("small");
    expect(await classifier.embed(file("cat"), options)).toEqual(new Float32Array(expected));
  });

  it("comes with the classes where it is asked for", async () => {
    await load("small");
    const { embedding } = await classifier.classify(file("cat"), { embedding: true });
    expect(embedding).toEqual(new Float32Array([3, 0, 4]));
    expect(await classifier.classify(file("cat"))).not.toHaveProperty("embedding");
  });

  it.each([
    ["normalize: 1", () => classifier.embed(file("cat"), { normalize: 1 as never })],
    ['embedding: "yes"', () => classifier.classify(file("cat"), { embedding: "yes" as never })],
  ])("that is asked for with %s is refused", async (_, call: () => Promise<unknown>) => {
    await expect(call()).rejects.toMatchObject({
      code: "argument",
      message: expect.stringMatching(/neither true nor false\. Pass true to have .*\.$/),
    });
  });
});

describe("a number that cannot be meant is refused", () => {
  const OPTIONS: [what: string, call: () => unknown, code: string][] = [
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32 + 1, "3" as never].flatMap(
      (number): typeof OPTIONS => [
        [`top: ${number}`, () => classifier.classify(file("cat"), { top: number }), "argument"],
        [
          `threads: ${number}`,
          () => createClassifier({ weights: "w", threads: number }),
          "argument",
        ],
        [`setThreads(${number})`, () => classifier.setThreads(number), "argument"],
      ],
    ),
    ...[-1, 0.5, Number.NaN, 2 ** 32].flatMap((number): typeof OPTIONS => [
      [
        `evidence: ${number}`,
        () => classifier.classify(file("cat"), { evidence: number }),
        "class-index",
      ],
      [`featureMaps(${number}, …)`, () => classifier.featureMaps(number, 0, 1), "argument"],
      [`featureMaps(0, ${number}, …)`, () => classifier.featureMaps(0, number, 1), "argument"],
      [`featureMaps(0, 0, ${number})`, () => classifier.featureMaps(0, 0, number), "argument"],
    ]),
  ];
  it.each(OPTIONS)("%s", async (_, call, code) => {
    await expect(Promise.resolve(call())).rejects.toMatchObject({
      name: "ResNetError",
      code,
      message: expect.stringMatching(/not an integer from [01] on\. Pass .*\.$/),
    });
  });
});

describe("createClassifier", () => {
  it("passes on to the reader of weights what that understands, and nothing else", async () => {
    const preprocessing = { resizeShortSide: 256 };
    const options: Required<Omit<ClassifierOptions, "sharesFilesWith" | "labels" | "sha256">> = {
      weights: file("small"),
      name: "renamed",
      strideOn: "conv1",
      stemPool: "none",
      shortcut: "zero-padded",
      antiAliasing: "blur",
      otherNetwork: [],
      preprocessing,
      weightSet: "ema",
      arithmetic: "int8",
      externalData: [file("small.data")],
      device: "cpu",
      threads: 2,
      measure: false,
      assets: "https://page.example/resnet-web/",
      signal: new AbortController().signal,
      onProgress: () => {},
      onDevice: () => {},
      onModel: () => {},
      onModelCrash: () => {},
    };
    vi.stubGlobal("location", new URL("https://page.example/"));
    vi.stubGlobal("document", { baseURI: "https://page.example/" });
    const made = await createClassifier(options);
    made.dispose();
    expect(FakeWorker.requests.map(({ choices }) => choices)).toEqual([
      {
        name: "renamed",
        strideOn: "conv1",
        stemPool: "none",
        shortcut: "zero-padded",
        antiAliasing: "blur",
        otherNetwork: [],
        preprocessing,
        weightSet: "ema",
        arithmetic: "int8",
      },
    ]);
    expect(FakeWorker.requests[0]?.external?.map(({ name }) => name)).toEqual(["small.data"]);
  });
});
