import { signal } from "@preact/signals";
import {
  type Classifier,
  type ClassifyOptions,
  type ImageClassification,
  type LoadedModel,
  ResNetError,
} from "resnet-web";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPhoto } from "./photo";

/** One call of the classifier, which a test answers. */
interface Call {
  name: string;
  signal: AbortSignal | undefined;
  resolve: (result: ImageClassification) => void;
  reject: (error: Error) => void;
}

const model = (id: number, classes = 10) => ({ id, info: { classes } }) as LoadedModel;
const result = (id: number) => ({ model: id }) as ImageClassification;
const photo = (name: string) => ({ blob: new Blob([name]), name });
const settled = () => new Promise((resolve) => setTimeout(resolve));

function setUp() {
  const calls: Call[] = [];
  const classifier = {
    classify: (file: File, { signal }: ClassifyOptions) =>
      new Promise<ImageClassification>((resolve, reject) => {
        calls.push({ name: file.name, signal, resolve, reject });
      }),
    embed: async () => Float32Array.of(1, 2),
  } as unknown as Classifier;
  const current = signal<LoadedModel | null>(null);
  const store = createPhoto({ classifier, model: current });
  return { store, calls, current };
}

beforeEach(() => {
  vi.stubGlobal("URL", { createObjectURL: () => "blob:photo", revokeObjectURL: vi.fn() });
});
afterEach(() => vi.unstubAllGlobals());

describe("a photo", () => {
  it("waits for the model, and is classified when that is there", async () => {
    const { store, calls, current } = setUp();
    store.show(photo("cat"));
    expect(store.state.value.stage).toBe("waiting");
    expect(calls).toHaveLength(0);
    current.value = model(1);
    expect(calls.map(({ name }) => name)).toEqual(["cat"]);
    expect(store.state.value.stage).toBe("running");
    calls[0]?.resolve(result(1));
    await settled();
    expect(store.state.value).toMatchObject({ stage: "idle", error: null });
    expect(store.result.value).toEqual(result(1));
  });

  it("has features in place of a result where the model has no classes", async () => {
    const { store, calls, current } = setUp();
    current.value = model(1, 0);
    store.show(photo("cat"));
    await settled();
    expect(calls).toHaveLength(0);
    expect(store.state.value).toMatchObject({ stage: "idle", result: null, error: null });
    expect(store.features.value).toEqual({ model: 1, values: Float32Array.of(1, 2) });
    current.value = model(2);
    expect(store.features.value).toBeNull();
  });

  it("is cancelled by a newer one, and its late result is dropped", async () => {
    const { store, calls, current } = setUp();
    current.value = model(1);
    store.show(photo("cat"));
    store.show(photo("cup"));
    expect(calls.map(({ name, signal }) => [name, signal?.aborted])).toEqual([
      ["cat", true],
      ["cup", false],
    ]);
    calls[0]?.resolve(result(1));
    await settled();
    expect(store.result.value).toBeNull();
    expect(store.state.value.stage).toBe("running");
  });

  it("is classified again by another model, whose result alone is shown", async () => {
    const { store, calls, current } = setUp();
    current.value = model(1);
    store.show(photo("cat"));
    calls[0]?.resolve(result(1));
    await settled();
    current.value = model(2);
    expect(store.result.value).toBeNull();
    expect(calls).toHaveLength(2);
    calls[1]?.resolve(result(2));
    await settled();
    expect(store.result.value).toEqual(result(2));
  });

  it("waits again while there is no model", () => {
    const { store, calls, current } = setUp();
    current.value = model(1);
    store.show(photo("cat"));
    current.value = null;
    expect(store.state.value.stage).toBe("waiting");
    current.value = model(1);
    expect(calls).toHaveLength(2);
  });

  it.each([
    { code: "image-decode", stays: false },
    { code: "image-size", stays: false },
    { code: "image-withheld", stays: true },
  ] as const)("that fails with $code stays on the page: $stays", async ({ code, stays }) => {
    const { store, calls, current } = setUp();
    current.value = model(1);
    store.show(photo("cat"));
    calls[0]?.reject(new ResNetError(code, "no"));
    await settled();
    expect(store.state.value).toMatchObject({ stage: "idle", error: { code } });
    expect(store.photo.value !== null).toBe(stays);
    expect(URL.revokeObjectURL).toHaveBeenCalledTimes(stays ? 0 : 1);
    store.dismissError();
    expect(store.state.value.error).toBeNull();
  });
});
