import { describe, expect, it, vi } from "vitest";
import { aborted, ResNetError } from "../../protocol/errors";
import type { ImageClassification } from "../../protocol/types";
import type { ClassifyOptions } from "./classifier";
import { classifyFrames, type StreamOptions } from "./classify-stream";
import type { ImageInput } from "./image-input";

const turn = () => new Promise((done) => setTimeout(done));

/** A frame of a camera. */
class Frame {
  isClosed = false;
  constructor(readonly name: string) {}
  close() {
    this.isClosed = true;
  }
}

/** A source of frames, and a classifier whose calls end when the test says so. */
class Scene {
  readonly frames: Frame[] = [];
  readonly results: string[] = [];
  readonly calls: { name: string; options: ClassifyOptions; end: (code?: string) => void }[] = [];
  readonly over = new AbortController();
  #wake = () => {};
  #isOver = false;
  isClosed = false;

  /** A new frame comes. */
  async shows(name: string): Promise<void> {
    this.frames.push(new Frame(name));
    this.#wake();
    await turn();
  }

  /** There are no more frames. */
  async ends(): Promise<void> {
    this.#isOver = true;
    this.#wake();
    await turn();
  }

  /** The classifier has looked at its frame. */
  async looked(code?: string): Promise<void> {
    this.calls.at(-1)?.end(code);
    await turn();
  }

  async *#source() {
    try {
      for (let next = 0; ; ) {
        while (next < this.frames.length) {
          yield this.frames[next] as unknown as ImageInput;
          next += 1;
        }
        if (this.#isOver) return;
        await new Promise<void>((wake) => (this.#wake = wake));
      }
    } finally {
      this.isClosed = true;
    }
  }

  readonly #classify = (image: ImageInput, options: ClassifyOptions) => {
    const { name } = image as unknown as Frame;
    return new Promise<ImageClassification>((resolve, reject) => {
      const end = (code?: string) =>
        code
          ? reject(new ResNetError(code as ResNetError["code"], code))
          : resolve({ name } as unknown as ImageClassification);
      options.signal?.addEventListener("abort", () => reject(aborted(options.signal)));
      this.calls.push({ name, options, end });
    });
  };

  /** Begins. */
  classify(options: StreamOptions = {}, onResult?: () => void) {
    const stream = classifyFrames(
      this.#classify,
      this.#source(),
      onResult ?? ((result) => this.results.push((result as unknown as { name: string }).name)),
      options,
      this.over.signal,
    );
    stream.catch(() => {});
    return stream;
  }

  get looks(): string[] {
    return this.calls.map(({ name }) => name);
  }
}

it("the newest frame is the next, and none waits", async () => {
  const scene = new Scene();
  const stream = scene.classify();
  for (const name of ["a", "b", "c", "d"]) await scene.shows(name);
  expect(scene.looks).toEqual(["a"]);
  await scene.looked();
  expect(scene.looks).toEqual(["a", "d"]);
  await scene.looked();
  await scene.shows("e");
  expect(scene.looks).toEqual(["a", "d", "e"]);
  await scene.looked();
  await scene.ends();
  expect(await stream).toEqual({ frames: 5, classified: 3, failed: 0 });
  expect(scene.results).toEqual(["a", "d", "e"]);
});

it("every frame is closed, at once where a newer one comes", async () => {
  const scene = new Scene();
  scene.classify();
  const isClosed = () => scene.frames.map((frame) => frame.isClosed);
  for (const name of ["a", "b", "c"]) await scene.shows(name);
  expect(isClosed()).toEqual([false, true, false]);
  await scene.looked();
  expect(isClosed()).toEqual([true, true, false]);
  await scene.looked();
  expect(isClosed()).toEqual([true, true, true]);
});

it("a source that ends has its last frame classified", async () => {
  const scene = new Scene();
  const stream = scene.classify();
  await scene.shows("a");
  await scene.shows("b");
  await scene.ends();
  await scene.looked();
  await scene.looked();
  expect(await stream).toEqual({ frames: 2, classified: 2, failed: 0 });
});

describe("an aborted signal ends it without an error", () => {
  it("and cancels the call under way", async () => {
    const abort = new AbortController();
    const scene = new Scene();
    const stream = scene.classify({ signal: abort.signal });
    await scene.shows("a");
    await scene.shows("b");
    abort.abort();
    expect(await stream).toEqual({ frames: 2, classified: 0, failed: 0 });
    await scene.shows("c");
    expect(scene.looks).toEqual(["a"]);
    expect(scene.results).toEqual([]);
    expect(scene.frames.map((frame) => frame.isClosed)).toEqual([true, true, true]);
    expect(scene.isClosed).toBe(true);
  });

  it("before it has begun", async () => {
    const scene = new Scene();
    await scene.shows("a");
    const stream = scene.classify({ signal: AbortSignal.abort() });
    expect(await stream).toEqual({ frames: 0, classified: 0, failed: 0 });
    expect(scene.looks).toEqual([]);
  });
});

describe("an error", () => {
  it("ends it", async () => {
    const scene = new Scene();
    const stream = scene.classify();
    await scene.shows("a");
    await scene.looked("device-lost");
    await expect(stream).rejects.toMatchObject({ code: "device-lost" });
    await scene.shows("b");
    expect(scene.looks).toEqual(["a"]);
  });

  it("is reported where there is a listener, and the next frame is classified", async () => {
    const scene = new Scene();
    const onError = vi.fn();
    const stream = scene.classify({ onError });
    await scene.shows("a");
    await scene.looked("device-lost");
    await scene.shows("b");
    await scene.looked();
    await scene.ends();
    expect(await stream).toEqual({ frames: 2, classified: 1, failed: 1 });
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: "device-lost" })]]);
  });

  it.each(["aborted", "runtime-given-up"])("%s ends it in any case", async (code) => {
    const scene = new Scene();
    const onError = vi.fn();
    const stream = scene.classify({ onError });
    await scene.shows("a");
    await scene.looked(code);
    await expect(stream).rejects.toMatchObject({ code });
    expect(onError).not.toHaveBeenCalled();
  });
});

it("a classifier that is disposed of ends it, also between frames", async () => {
  const scene = new Scene();
  const stream = scene.classify();
  scene.over.abort(new ResNetError("aborted", "disposed of"));
  await expect(stream).rejects.toMatchObject({ code: "aborted" });
  const later = scene.classify();
  await expect(later).rejects.toMatchObject({ code: "aborted" });
});

describe("what a listener throws ends it", () => {
  const fails = () => {
    throw new Error("in the listener");
  };
  const LISTENERS: [name: string, code: string | undefined, options: StreamOptions][] = [
    ["onResult", undefined, {}],
    ["onError", "device-lost", { onError: fails }],
    ["evidence", undefined, { evidence: fails }],
  ];
  it.each(LISTENERS)("%s", async (name, code, options) => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const scene = new Scene();
    const stream = scene.classify(options, name === "onResult" ? fails : undefined);
    await scene.shows("a");
    await scene.shows("b");
    await scene.looked(code);
    await expect(stream).rejects.toThrow("in the listener");
    await scene.ends();
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(scene.isClosed).toBe(true);
    expect(scene.frames.map((frame) => frame.isClosed)).toEqual([true, true]);
  });
});

it("a video that has ended is classified once, as what it shows", async () => {
  vi.stubGlobal("HTMLMediaElement", { HAVE_CURRENT_DATA: 2 });
  class Video extends EventTarget {
    readonly srcObject = null;
    readonly readyState = 4;
    readonly ended = true;
    requestVideoFrameCallback() {}
    cancelVideoFrameCallback() {}
  }
  vi.stubGlobal("HTMLVideoElement", Video);
  const video = new Video();
  const stream = classifyFrames(
    async () => ({}) as ImageClassification,
    video as unknown as HTMLVideoElement,
    () => {},
    {},
    new AbortController().signal,
  );
  expect(await stream).toEqual({ frames: 1, classified: 1, failed: 0 });
  vi.unstubAllGlobals();
});

it("a source that fails ends it with its error", async () => {
  const frames = async function* () {
    yield "a";
    throw new DOMException("unplugged", "NotReadableError");
  };
  const stream = classifyFrames(
    async () => ({}) as ImageClassification,
    frames(),
    () => {},
    {},
    new AbortController().signal,
  );
  await expect(stream).rejects.toMatchObject({ code: "unexpected", message: "unplugged" });
});

it("the evidence is asked for anew for each frame", async () => {
  const scene = new Scene();
  let wanted: number | undefined = 3;
  scene.classify({ top: 7, evidence: () => wanted });
  await scene.shows("a");
  wanted = undefined;
  await scene.looked();
  await scene.shows("b");
  expect(scene.calls.map(({ options }) => options)).toEqual([{ top: 7, evidence: 3 }, { top: 7 }]);
});
