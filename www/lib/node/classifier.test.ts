import { beforeEach, describe, expect, it, vi } from "vitest";
import { ResNetError } from "../../protocol/errors";
import { Classifier, createClassifier } from "./classifier";

/** What the engine was asked for, over all workers. */
let asked: string[] = [];
/** What fails in the engines. */
let broken = "";
/** The workers that were started. */
let workers: FakeWorker[] = [];

/** A worker with an engine that answers at once, until it ends. */
class FakeWorker {
  hasEnded = false;

  constructor() {
    workers.push(this);
  }

  async call(work: (engine: unknown) => Promise<{ value: unknown }>) {
    if (this.hasEnded) throw new ResNetError("runtime-crashed", "It has stopped.");
    const number = workers.indexOf(this);
    const engine = new Proxy(
      {},
      {
        get: (_, name) => async (request?: { id?: number }) => {
          asked.push(`${number} ${String(name)}`);
          if (name === broken) throw new ResNetError("weights-unreadable", "The file is gone.");
          const embedding = new Float32Array([3, 4]);
          return { value: { id: request?.id, threads: { count: 1 }, embedding } };
        },
      },
    );
    return (await work(engine)).value;
  }

  cancel() {}

  close() {
    this.hasEnded = true;
  }
}
vi.mock("./engine-worker", () => ({
  EngineWorker: class {
    constructor() {
      // biome-ignore lint/correctness/noConstructorReturn: it takes the place of the real one.
      return new FakeWorker();
    }
  },
}));

const WEIGHTS = new Uint8Array(8);
const PIXELS = { data: new Uint8Array(4), width: 1, height: 1 };
const end = () => workers.at(-1)?.close();

beforeEach(() => {
  [asked, workers, broken] = [[], [], ""];
});

it("a worker that has ended is replaced by one with the same model", async () => {
  const classifier = new Classifier();
  await classifier.load(WEIGHTS);
  end();
  await classifier.classify(PIXELS);
  expect(asked).toEqual([
    ...["0 open", "0 load", "0 commit"],
    ...["1 open", "1 load", "1 commit", "1 classify"],
  ]);
});

it("several calls share the new worker", async () => {
  const classifier = new Classifier();
  await classifier.load(WEIGHTS);
  end();
  await Promise.all([classifier.classify(PIXELS), classifier.classify(PIXELS)]);
  expect(workers).toHaveLength(2);
});

it("after too many ends in a row none is started any more", async () => {
  const classifier = new Classifier();
  await classifier.load(WEIGHTS);
  const codes: string[] = [];
  for (let i = 0; i < 6; i += 1) {
    end();
    await classifier.device.then(
      () => codes.push("open"),
      ({ code }) => codes.push(code),
    );
  }
  expect(codes).toEqual([...Array(4).fill("open"), "runtime-given-up", "runtime-given-up"]);
  // Until other weights are loaded.
  await classifier.load(WEIGHTS);
  await classifier.classify(PIXELS);
  expect(asked.slice(-4)).toEqual(["5 open", "5 load", "5 commit", "5 classify"]);
});

it("a result ends the row", async () => {
  const classifier = new Classifier();
  await classifier.load(WEIGHTS);
  for (let i = 0; i < 6; i += 1) {
    end();
    await classifier.classify(PIXELS);
  }
  expect(workers).toHaveLength(7);
});

it("a load that is cancelled is dropped in the worker, and the model before stays", async () => {
  const classifier = new Classifier();
  const first = await classifier.load(WEIGHTS);
  const second = classifier.load(WEIGHTS);
  const third = await classifier.load(WEIGHTS);
  await expect(second).rejects.toMatchObject({ name: "AbortError", code: "aborted" });
  expect(classifier.model).toBe(third);
  expect(third.id).not.toBe(first.id);
});

it("another model can be loaded where the one before cannot be built again, and calls fail with its error until then", async () => {
  const classifier = new Classifier();
  await classifier.load(WEIGHTS);
  end();
  broken = "load";
  const error = { code: "weights-unreadable" };
  await expect(classifier.classify(PIXELS)).rejects.toMatchObject(error);
  // Each call tries it anew: the file may be back.
  await expect(classifier.classify(PIXELS)).rejects.toMatchObject(error);
  expect(workers).toHaveLength(2);
  broken = "";
  const second = await classifier.load(WEIGHTS);
  await classifier.classify(PIXELS);
  expect(classifier.model).toBe(second);
  expect(asked.slice(-3)).toEqual(["1 load", "1 commit", "1 classify"]);
});

it("a model that is back is built again by the next call", async () => {
  const classifier = new Classifier();
  await classifier.load(WEIGHTS);
  end();
  broken = "load";
  await expect(classifier.classify(PIXELS)).rejects.toMatchObject({ code: "weights-unreadable" });
  broken = "";
  await Promise.all([classifier.classify(PIXELS), classifier.inspect(PIXELS)]);
  expect(asked.slice(-4)).toEqual(["1 load", "1 commit", "1 classify", "1 inspect"]);
});

it("a device that could not be opened is opened by the next call", async () => {
  broken = "open";
  const classifier = new Classifier();
  await expect(classifier.load(WEIGHTS)).rejects.toMatchObject({ code: "weights-unreadable" });
  broken = "";
  await classifier.load(WEIGHTS);
  await classifier.classify(PIXELS);
  expect(asked).toEqual(["0 open", "0 open", "0 load", "0 commit", "0 classify"]);
});

it("an embedding is returned, divided by its length where that is asked for", async () => {
  const classifier = new Classifier();
  await classifier.load(WEIGHTS);
  expect(await classifier.embed(PIXELS)).toEqual(new Float32Array([3, 4]));
  const normalized = await classifier.embed(PIXELS, { normalize: true });
  expect(normalized).toEqual(new Float32Array([0.6, 0.8]));
});

describe("disposed of", () => {
  const CALLS: [
    what: string,
    call: (classifier: Classifier, address: string) => Promise<unknown>,
  ][] = [
    ["classify", (classifier, address) => classifier.classify(address)],
    ["embed", (classifier, address) => classifier.embed(address)],
    ["inspect", (classifier, address) => classifier.inspect(address)],
    ["describe", (classifier, address) => classifier.describe(address)],
    ["setLabels", (classifier, address) => classifier.setLabels(address)],
    ["load", (classifier, address) => classifier.load(address)],
    ["classifyMany", (classifier, address) => classifier.classifyMany([address]).next()],
  ];
  it.each(CALLS)(
    "while %s fetches, and before: the call fails with aborted, and the download ends",
    async (_, call) => {
      const fetched = vi.fn(
        (_: unknown, options?: RequestInit) =>
          new Promise<Response>((__, reject) =>
            options?.signal?.addEventListener("abort", () => reject(options.signal?.reason)),
          ),
      );
      vi.stubGlobal("fetch", fetched);
      const classifier = new Classifier();
      await classifier.load(WEIGHTS);
      const before = call(classifier, "https://example.org/file");
      await vi.waitFor(() => expect(fetched).toHaveBeenCalled());
      const { length } = fetched.mock.calls;
      classifier.dispose();
      await expect(before).rejects.toMatchObject({ code: "aborted" });
      expect(fetched.mock.calls[0]?.[1]?.signal?.aborted).toBe(true);
      for (const address of ["https://example.org/file", "there-is-no-such-file"]) {
        await expect(call(classifier, address)).rejects.toMatchObject({ code: "aborted" });
      }
      expect(fetched).toHaveBeenCalledTimes(length);
      vi.unstubAllGlobals();
    },
  );
});

describe("what cannot be meant is refused", () => {
  const BAD = [0, -1, 1.5, Number.NaN, 2 ** 32 + 1];
  const CASES: [what: string, call: (classifier: Classifier) => unknown, code: string][] = [
    ...BAD.flatMap((number): typeof CASES => [
      [`top: ${number}`, (classifier) => classifier.classify(PIXELS, { top: number }), "argument"],
      [`setThreads(${number})`, (classifier) => classifier.setThreads(number), "argument"],
      [
        `threads: ${number}`,
        () => createClassifier({ weights: WEIGHTS, threads: number }),
        "argument",
      ],
      [
        `pixels of width ${number}`,
        (classifier) => classifier.classify({ ...PIXELS, width: number }),
        "image-size",
      ],
      [
        `pixels of height ${number}`,
        (classifier) => classifier.inspect({ ...PIXELS, height: number }),
        "image-size",
      ],
    ]),
    [
      "normalize: 1",
      (classifier) => classifier.embed(PIXELS, { normalize: 1 as never }),
      "argument",
    ],
    [
      "embedding: null",
      (classifier) => classifier.classify(PIXELS, { embedding: null as never }),
      "argument",
    ],
    ["evidence: -1", (classifier) => classifier.classify(PIXELS, { evidence: -1 }), "class-index"],
    ["featureMaps(-1, 0, 1)", (classifier) => classifier.featureMaps(-1, 0, 1), "argument"],
    ...[null, undefined, 5, {}].map((image): (typeof CASES)[number] => [
      `the image ${image}`,
      (classifier) => classifier.classify(image as never),
      "image-decode",
    ]),
  ];
  it.each(CASES)("%s", async (_, call, code) => {
    const classifier = new Classifier();
    await classifier.load(WEIGHTS);
    await expect(Promise.resolve(call(classifier))).rejects.toMatchObject({
      name: "ResNetError",
      code,
      message: expect.stringMatching(/Pass /),
    });
  });
});
