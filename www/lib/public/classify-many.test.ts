import { describe, expect, it, vi } from "vitest";
import { aborted, ResNetError } from "../../protocol/errors";
import type { ImageClassification } from "../../protocol/types";
import type { ClassifyOptions } from "./classifier";
import { classifyEach, type Images, type ManyItem, type ManyOptions } from "./classify-many";

const files = (names: string) => names.split(" ").map((name) => new File([name], name));
const RESULT = { top: [] } as unknown as ImageClassification;
const turn = () => new Promise((done) => setTimeout(done));

/** A classifier that takes a turn for each image, and fails for those with a code. */
class Fake {
  begun: string[] = [];
  cancelled: string[] = [];
  atOnce = 0;
  most = 0;
  options: ClassifyOptions[] = [];

  constructor(readonly faults: Record<string, ResNetError["code"]> = {}) {}

  readonly classify = async (file: File, options: ClassifyOptions) => {
    this.options.push(options);
    this.begun.push(file.name);
    this.atOnce += 1;
    this.most = Math.max(this.most, this.atOnce);
    options.signal?.addEventListener("abort", () => this.cancelled.push(file.name));
    await turn();
    this.atOnce -= 1;
    if (options.signal?.aborted) throw aborted(options.signal);
    const code = this.faults[file.name];
    if (code) throw new ResNetError(code, `failed: ${code}`);
    return RESULT;
  };

  each(images: Images<File>, options: ManyOptions = {}) {
    return classifyEach(this.classify, images, options);
  }
}

const described = ({ index, image, error }: ManyItem<File>) =>
  `${index} ${image.name} ${error?.code ?? "ok"}`;

async function all(items: AsyncIterable<ManyItem<File>>): Promise<string[]> {
  const found: string[] = [];
  for await (const item of items) found.push(described(item));
  return found;
}

describe("each image has its own outcome, in order", () => {
  async function* later(names: string) {
    for (const file of files(names)) {
      await turn();
      yield file;
    }
  }
  const SOURCES: Record<string, (names: string) => Images<File>> = {
    "a list": files,
    "a set": (names) => new Set(files(names)),
    "an iterator": (names) => files(names).values(),
    "an asynchronous iterator": later,
  };
  it.each(Object.entries(SOURCES))("from %s", async (_, source) => {
    const fake = new Fake({ b: "image-decode", d: "device-lost" });
    expect(await all(fake.each(source("a b c d e")))).toEqual([
      "0 a ok",
      "1 b image-decode",
      "2 c ok",
      "3 d device-lost",
      "4 e ok",
    ]);
    expect(fake.begun).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("of none there is none", async () => {
    expect(await all(new Fake().each([]))).toEqual([]);
  });
});

it.each([
  [undefined, 2],
  [1, 1],
  [3, 3],
])("with concurrency %s, %i are under way at a time", async (concurrency, most) => {
  const fake = new Fake();
  await all(fake.each(files("a b c d e"), concurrency === undefined ? {} : { concurrency }));
  expect(fake.most).toBe(most);
});

it.each([0, -1, 1.5, Number.NaN])("a concurrency of %s is refused", async (concurrency) => {
  await expect(all(new Fake().each(files("a"), { concurrency }))).rejects.toMatchObject({
    code: "argument",
    message: expect.stringContaining("from 1 on"),
  });
});

it("no image is begun before it is needed", async () => {
  const fake = new Fake();
  const items = fake.each(files("a b c d e f"));
  expect(fake.begun).toEqual([]);
  await items.next();
  for (let i = 0; i < 5; i += 1) await turn();
  expect(fake.begun).toEqual(["a", "b", "c"]);
});

it("every call has the options", async () => {
  const fake = new Fake();
  await all(fake.each(files("a b"), { top: 3, evidence: "first" }));
  for (const options of fake.options) expect(options).toMatchObject({ top: 3, evidence: "first" });
});

it.each([
  ["a list", files("a b c"), 3],
  ["an iterator", files("a b c").values(), undefined],
])("progress is reported, with the total of %s", async (_, images, total) => {
  const told: unknown[] = [];
  const fake = new Fake({ b: "image-decode" });
  await all(fake.each(images, { onProgress: (progress) => told.push(progress) }));
  const whole = total !== undefined && { total };
  expect(told).toEqual([
    { done: 1, failed: 0, ...whole },
    { done: 2, failed: 1, ...whole },
    { done: 3, failed: 1, ...whole },
  ]);
});

it("to leave the loop cancels what is under way, and closes the source", async () => {
  let isClosed = false;
  function* source() {
    try {
      yield* files("a b c d e");
    } finally {
      isClosed = true;
    }
  }
  const fake = new Fake();
  for await (const _ of fake.each(source())) break;
  expect(fake.cancelled).toEqual(expect.arrayContaining(["b", "c"]));
  await turn();
  expect(fake.begun).toEqual(["a", "b", "c"]);
  expect(isClosed).toBe(true);
});

describe("an aborted signal ends the loop with its reason", () => {
  const never = async function* (): AsyncGenerator<File> {
    await new Promise(() => {});
  };
  it.each<[string, () => Images<File>]>([
    ["while an image is classified", () => files("a b c d e")],
    ["while an image is waited for", never],
  ])("%s", async (_, source) => {
    const abort = new AbortController();
    const fake = new Fake();
    const found = all(fake.each(source(), { signal: abort.signal }));
    abort.abort("enough");
    await expect(found).rejects.toMatchObject({ code: "aborted", cause: "enough" });
    await turn();
    expect(fake.begun.length).toBeLessThan(3);
  });

  it("before it has begun", async () => {
    const fake = new Fake();
    const found = all(fake.each(files("a b"), { signal: AbortSignal.abort("enough") }));
    await expect(found).rejects.toMatchObject({ code: "aborted", cause: "enough" });
    expect(fake.begun).toEqual([]);
  });
});

describe("a source that fails to close changes nothing, and is no unhandled rejection", () => {
  const failing = (close: () => unknown) => {
    const images = files("a b c");
    const next = async () => ({ done: false as const, value: images.shift() as File });
    return { [Symbol.asyncIterator]: () => ({ next, return: close as () => Promise<never> }) };
  };
  const CLOSING: [how: string, close: () => unknown][] = [
    ["with a rejection", () => Promise.reject(new Error("not closed"))],
    [
      "at once",
      () => {
        throw new Error("not closed");
      },
    ],
  ];
  it.each(CLOSING)("%s", async (_, close) => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      for await (const item of new Fake().each(failing(close))) {
        expect(described(item)).toBe("0 a ok");
        break;
      }
      await turn();
      const fails = new Fake({ a: "aborted" });
      await expect(all(fails.each(failing(close)))).rejects.toMatchObject({ code: "aborted" });
      await turn();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
    expect(unhandled).not.toHaveBeenCalled();
  });
});

it("a classifier that is disposed of ends the loop while an image is waited for", async () => {
  const disposed = new AbortController();
  const fake = new Fake();
  const never = { next: () => new Promise<never>(() => {}) };
  const source = { [Symbol.asyncIterator]: () => never };
  const found = all(classifyEach(fake.classify, source, {}, disposed.signal));
  const error = new ResNetError("aborted", "disposed of");
  disposed.abort(error);
  await expect(found).rejects.toBe(error);
});

it("a classifier that is disposed of ends the loop", async () => {
  await expect(all(new Fake({ b: "aborted" }).each(files("a b c")))).rejects.toMatchObject({
    code: "aborted",
  });
});

it("a source that fails ends the loop with what it throws", async () => {
  function* source() {
    yield* files("a");
    throw new Error("no more");
  }
  await expect(all(new Fake().each(source()))).rejects.toThrow("no more");
});
