import { Classifier, ResNetError } from "resnet-web";
import { describe, expect, it, vi } from "vitest";
import { createFakeClassifier, type FakeOptions, fakeCreateClassifier } from ".";

const photo = new Blob(["photo"]);
const two = [
  { index: 3, label: "tabby", probability: 0.75 },
  { index: 7, label: "lynx", probability: 0.25 },
];

/** What a test sets, and what `classify` answers: the classes, or an error's code. */
const ANSWERS: [set: FakeOptions["answer"], expected: object | string][] = [
  [undefined, { top: [{ index: 0, label: "cat", probability: 1 }] }],
  ["tabby", { top: [{ index: 0, label: "tabby", probability: 1 }] }],
  [two, { top: two }],
  [
    { top: two, cutShort: true, width: 9 },
    { top: two, cutShort: true, width: 9, height: 224 },
  ],
  [() => "by a function", { top: [{ index: 0, label: "by a function", probability: 1 }] }],
  [async () => two, { top: two }],
  [new ResNetError("image-decode", "no image"), "image-decode"],
];
it.each(ANSWERS)("%o is answered as %o", async (set, expected) => {
  const fake = createFakeClassifier(set === undefined ? {} : { answer: set });
  const answer = await fake.classify(photo).catch(({ code }: ResNetError) => code);
  if (typeof expected === "string") expect(answer).toBe(expected);
  else expect(answer).toMatchObject(expected);
});

describe("a fake classifier", () => {
  it("has everything that the real one has", () => {
    const fake = createFakeClassifier();
    const names = Object.getOwnPropertyNames(Classifier.prototype);
    expect(names.filter((name) => !(name in fake))).toEqual([]);
  });

  it("reports what it was asked", async () => {
    const fake = createFakeClassifier();
    await fake.classify(photo, { top: 3 });
    expect(fake.calls).toEqual([{ image: photo, options: { top: 3 } }]);
  });

  it("returns the embedding that the test has", async () => {
    const embedding = new Float32Array([1, 2]);
    const fake = createFakeClassifier({ answer: { embedding } });
    expect(await fake.embed(photo, { normalize: true })).toBe(embedding);
    expect(fake.calls).toEqual([{ image: photo, options: { normalize: true } }]);
    expect(await createFakeClassifier().embed(photo)).toHaveLength(1);
  });

  it("returns as many classes as are asked for", async () => {
    const fake = createFakeClassifier({ answer: two });
    expect((await fake.classify(photo, { top: 1 })).top).toHaveLength(1);
  });

  it("stops for its signal", async () => {
    const fake = createFakeClassifier();
    const signal = AbortSignal.abort();
    await expect(fake.classify(photo, { signal })).rejects.toMatchObject({ code: "aborted" });
    expect(fake.calls).toEqual([]);
  });

  it.each([
    ["its signal is aborted", (_: unknown, abort: AbortController) => abort.abort()],
    ["it is disposed of", (fake: { dispose: () => void }) => fake.dispose()],
  ])("fails at once when %s while the test's answer is awaited", async (_, end) => {
    const fake = createFakeClassifier({ answer: () => new Promise(() => {}) });
    const abort = new AbortController();
    const answer = fake.classify(photo, { signal: abort.signal });
    end(fake, abort);
    const error = await answer.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ResNetError);
    expect(error).toMatchObject({ code: "aborted" });
  });

  it("reports the model again from another device", async () => {
    const onModel = vi.fn();
    const made = await fakeCreateClassifier()({ weights: "w", onModel });
    await made.setDevice("webgpu");
    expect(onModel.mock.calls).toEqual([[made.model], [made.model]]);
  });

  it("classifies many, and what fails among them does not stop the others", async () => {
    const fake = createFakeClassifier({
      answer: (image) => (image === photo ? "cat" : new ResNetError("image-decode", "no image")),
    });
    const found: string[] = [];
    for await (const { result, error } of fake.classifyMany([photo, "b.png", photo])) {
      found.push(result?.top[0]?.label ?? error?.code ?? "");
    }
    expect(found).toEqual(["cat", "image-decode", "cat"]);
  });

  it("classifies a stream once", async () => {
    const seen: string[] = [];
    const counts = await createFakeClassifier().classifyStream({} as HTMLVideoElement, ({ top }) =>
      seen.push(top[0]?.label ?? ""),
    );
    expect([seen, counts]).toEqual([["cat"], { frames: 1, classified: 1, failed: 0 }]);
  });

  it("does nothing once it is disposed of", async () => {
    const fake = createFakeClassifier();
    fake.dispose();
    expect([fake.isDisposed, fake.model]).toEqual([true, undefined]);
    await expect(fake.classify(photo)).rejects.toMatchObject({ code: "aborted" });
    await expect(fake.device).rejects.toMatchObject({ code: "aborted" });
  });

  it("is made in the place of the real one, and reports to its listeners", async () => {
    const told: string[] = [];
    const create = fakeCreateClassifier({ model: { id: 9 } });
    const made = await create({
      weights: "w.safetensors",
      onProgress: ({ loaded, total }) => told.push(`${loaded} of ${total}`),
      onDevice: ({ kind }) => told.push(kind),
      onModel: ({ id }) => told.push(`model ${id}`),
    });
    expect(made.model?.id).toBe(9);
    expect(told.sort()).toEqual(["1000 of 1000", "cpu", "model 9"]);
  });

  it("fails to be made where a test wants that", async () => {
    const loadError = new ResNetError("weights-download", "no weights");
    await expect(fakeCreateClassifier({ loadError })({ weights: "w" })).rejects.toBe(loadError);
  });
});
