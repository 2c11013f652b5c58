import { beforeEach, expect, it, vi } from "vitest";
import { ResNetError } from "../../protocol/errors";
import { Classifier } from "./classifier";

/** What the engine was asked for, over all workers. */
let asked: string[] = [];
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
          return { value: { id: request?.id, threads: { count: 1 } } };
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
  [asked, workers] = [[], []];
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
