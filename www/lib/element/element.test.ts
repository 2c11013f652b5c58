// @vitest-environment happy-dom
import {
  type ClassifierOptions,
  type createClassifier,
  type ImageClassification,
  ResNetError,
} from "resnet-web";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeClassifier, type FakeClassifier, type FakeOptions } from "../testing";
import type { ResNetClassifierElement } from "./element";
import ".";

/** What the next classifiers answer. */
let answers: FakeOptions;
/** Those that were made, with their options. */
let made: { options: ClassifierOptions; fake: FakeClassifier }[];

const library = vi.hoisted(() => ({
  create: undefined as typeof createClassifier | undefined,
}));
vi.mock("resnet-web", async (original) => ({
  ...(await original<object>()),
  createClassifier: (options: ClassifierOptions) => library.create?.(options),
}));

const tabby = [
  { index: 3, label: "tabby", probability: 0.75 },
  { index: 7, label: "lynx", probability: 0.125 },
];

beforeEach(() => {
  answers = { answer: tabby };
  made = [];
  library.create = async (options) => {
    const fake = createFakeClassifier(answers);
    made.push({ options, fake });
    await fake.load(options.weights, options);
    return fake;
  };
});
afterEach(() => document.body.replaceChildren());

/** The events of an element, in order. */
function listen(element: ResNetClassifierElement): string[] {
  const events: string[] = [];
  element.addEventListener("ready", ({ detail }) => events.push(`ready ${detail.id}`));
  element.addEventListener("progress", ({ detail }) => events.push(`progress ${detail.loaded}`));
  element.addEventListener("result", ({ detail }) => events.push(`result ${detail.top[0]?.label}`));
  element.addEventListener("error", ({ detail }) => events.push(`error ${detail.code}`));
  return events;
}

/** An element with these attributes in the document. */
function put(attributes: Record<string, string> = { weights: "w.safetensors" }) {
  const element = document.createElement("resnet-classifier");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  const events = listen(element);
  document.body.append(element);
  return { element, events };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const part = (element: Element, name: string) =>
  element.shadowRoot?.querySelector(`[part="${name}"]`) as HTMLElement;
const texts = (element: Element, name: string) =>
  [...(element.shadowRoot?.querySelectorAll(`[part="${name}"]`) ?? [])].map(
    ({ textContent }) => textContent,
  );
const photo = () => new File(["photo"], "cat.png", { type: "image/png" });

describe("the element", () => {
  it("loads its weights, and says so", async () => {
    const { element, events } = put();
    await settled();
    expect(events).toEqual(["progress 1000", "ready 1"]);
    expect(element.classifier).toBe(made[0]?.fake);
    expect(part(element, "status").textContent).toBe("The model is ready.");
    expect(part(element, "progress").hidden).toBe(true);
  });

  it("passes its attributes on", async () => {
    put({
      weights: "w.safetensors",
      labels: "l.txt",
      device: "cpu",
      threads: "2",
      assets: "/resnet-web/",
    });
    await settled();
    expect(made.map(({ options }) => options)).toEqual([
      expect.objectContaining({
        weights: "w.safetensors",
        labels: "l.txt",
        device: "cpu",
        threads: 2,
        assets: "/resnet-web/",
      }),
    ]);
  });

  it("classifies what its src names, and lists the classes", async () => {
    const { element, events } = put({ weights: "w", src: "cat.png", top: "2" });
    await settled();
    expect(events.at(-1)).toBe("result tabby");
    expect(made[0]?.fake.calls.map(({ image, options }) => [image, options.top])).toEqual([
      ["cat.png", 2],
    ]);
    expect(texts(element, "label")).toEqual(["tabby", "lynx"]);
    expect(texts(element, "probability")).toEqual(["75%", "12.5%"]);
    expect(part(element, "image").getAttribute("src")).toBe("cat.png");
  });

  it("announces what it does to those who do not see it", async () => {
    const { element } = put({ weights: "w", src: "cat.png" });
    await settled();
    expect(part(element, "status").getAttribute("role")).toBe("status");
    expect(part(element, "status").textContent).toBe("It shows: tabby, 75%.");
    expect(part(element, "results").getAttribute("aria-label")).toBe("Most probable classes");
    expect((part(element, "image") as HTMLImageElement).alt).toBe("The chosen photo");
    expect(part(element, "error").getAttribute("role")).toBe("alert");
  });

  const GIVEN: [how: string, give: (element: ResNetClassifierElement, file: File) => void][] = [
    [
      "chosen",
      (element, file) => {
        const input = element.shadowRoot?.querySelector("input") as HTMLInputElement;
        Object.defineProperty(input, "files", { value: [file] });
        input.dispatchEvent(new Event("change"));
      },
    ],
    [
      "dropped",
      (element, file) => {
        const event = new Event("drop", { cancelable: true });
        element.dispatchEvent(Object.assign(event, { dataTransfer: { files: [file] } }));
        expect(event.defaultPrevented).toBe(true);
      },
    ],
    [
      "pasted",
      (element, file) => {
        const event = Object.assign(new Event("paste"), { clipboardData: { files: [file] } });
        element.dispatchEvent(event);
      },
    ],
    ["passed by a script", (element, file) => void element.classify(file)],
  ];
  it.each(GIVEN)("classifies a file that is %s, once the model is there", async (_, give) => {
    const { element, events } = put();
    await Promise.resolve();
    const file = photo();
    give(element, file);
    await settled();
    expect(made[0]?.fake.calls.map(({ image }) => image)).toEqual([file]);
    expect(events.at(-1)).toBe("result tabby");
  });

  it("classifies the newer of two photos", async () => {
    const { element, events } = put();
    await settled();
    const first = element.classify("a.png");
    const second = element.classify("b.png");
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    await expect(second).resolves.toMatchObject({ top: tabby });
    expect(events.filter((event) => event.startsWith("result"))).toHaveLength(1);
    expect(events.filter((event) => event.startsWith("error"))).toEqual([]);
  });

  const FAILURES: [what: string, set: FakeOptions, code: string][] = [
    [
      "the weights cannot be loaded",
      { loadError: new ResNetError("weights-download", "No weights there.") },
      "weights-download",
    ],
    [
      "the photo cannot be read",
      { answer: new ResNetError("image-decode", "No photo there.") },
      "image-decode",
    ],
  ];
  it.each(FAILURES)("shows once that %s", async (_, set, code) => {
    answers = set;
    const { element, events } = put({ weights: "w", src: "cat.png" });
    await settled();
    expect(events.filter((event) => event.startsWith("error"))).toEqual([`error ${code}`]);
    expect(part(element, "error").textContent).toMatch(/^No (weights|photo) there\.$/);
    expect(part(element, "status").textContent).toBe("");
    expect(texts(element, "label")).toEqual([]);
  });

  it("follows its attributes", async () => {
    const { element, events } = put({ weights: "w", src: "cat.png" });
    await settled();
    const [first] = made;
    const threads = vi.spyOn(first?.fake as FakeClassifier, "setThreads");
    const device = vi.spyOn(first?.fake as FakeClassifier, "setDevice");
    const labels = vi.spyOn(first?.fake as FakeClassifier, "setLabels");
    element.threads = 3;
    element.device = "webgpu";
    element.labels = ["a", "b"];
    await settled();
    expect([threads, device, labels].map(({ mock }) => mock.calls)).toEqual([
      [[3]],
      [["webgpu"]],
      [[["a", "b"]]],
    ]);
    expect([element.getAttribute("threads"), element.getAttribute("device")]).toEqual([
      "3",
      "webgpu",
    ]);
    element.weights = new Blob(["weights"]);
    await settled();
    expect(made.map(({ fake }) => fake.isDisposed)).toEqual([true, false]);
    expect(made[1]?.options.weights).toBe(element.weights);
    expect(element.hasAttribute("weights")).toBe(false);
    expect(events.filter((event) => event === "result tabby").length).toBeGreaterThan(1);
  });

  /** An element whose model is loaded only when `finish` is called. */
  function putLoading(attributes?: Record<string, string>) {
    let finish = () => {};
    const promise = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { create } = library;
    library.create = async (options) => {
      const classifier = await create?.(options);
      await promise;
      return classifier as FakeClassifier;
    };
    return { ...put(attributes), finish };
  }

  const CHANGES: [
    what: "device" | "threads" | "labels",
    change: (element: ResNetClassifierElement) => void,
    method: "setDevice" | "setThreads" | "setLabels",
    passed: unknown,
  ][] = [
    ["device", (element) => element.setAttribute("device", "webgpu"), "setDevice", "webgpu"],
    ["threads", (element) => element.setAttribute("threads", "3"), "setThreads", 3],
    ["labels", (element) => element.setAttribute("labels", "l.txt"), "setLabels", "l.txt"],
    [
      "labels",
      (element) => {
        element.labels = ["a"];
      },
      "setLabels",
      ["a"],
    ],
  ];
  it.each(CHANGES)(
    "follows %s that change while the model loads",
    async (_, change, method, passed) => {
      const { element, finish } = putLoading();
      await settled();
      const called = vi.spyOn(made[0]?.fake as FakeClassifier, method);
      change(element);
      await settled();
      expect(called).not.toHaveBeenCalled();
      finish();
      await settled();
      expect(called.mock.calls).toEqual([[passed]]);
      expect(made).toHaveLength(1);
    },
  );

  it.each([true, false])(
    "classifies with labels that were just set, the model being there: %s",
    async (isLoaded) => {
      const { element, events, finish } = putLoading({ weights: "w", src: "cat.png" });
      await settled();
      const { fake } = made[0] as (typeof made)[0];
      const order: string[] = [];
      const setLabels = fake.setLabels.bind(fake);
      vi.spyOn(fake, "setLabels").mockImplementation(async (labels) => {
        await settled();
        order.push("labels");
        return setLabels(labels);
      });
      vi.spyOn(fake, "classify").mockImplementation(async (image) => {
        order.push(String(image));
        return { top: tabby } as unknown as ImageClassification;
      });
      if (isLoaded) finish();
      await settled();
      order.length = 0;
      element.labels = ["a"];
      const result = element.classify("dog.png");
      finish();
      await result;
      await settled();
      expect(order).toEqual(["labels", "dog.png"]);
      expect(events.filter((event) => event.startsWith("error"))).toEqual([]);
    },
  );

  it.each([
    ["labels", ["a"]],
    ["top", 1],
  ] as const)(
    "completes a call that is under way when %s changes, and then shows it anew",
    async (name, value) => {
      answers = {
        answer: async () => {
          await settled();
          return tabby;
        },
      };
      const { element } = put();
      await settled();
      const { fake } = made[0] as (typeof made)[0];
      const result = element.classify("cat.png");
      await vi.waitFor(() => expect(fake.calls).toHaveLength(1), { interval: 1 });
      Object.assign(element, { [name]: value });
      await expect(result).resolves.toMatchObject({ top: tabby });
      await settled();
      await settled();
      expect(fake.calls.map(({ image }) => image)).toEqual(["cat.png", "cat.png"]);
    },
  );

  it("shows what is wrong with labels, and keeps the classes' names", async () => {
    const { element, events } = put({ weights: "w", src: "cat.png" });
    await settled();
    const { fake } = made[0] as (typeof made)[0];
    vi.spyOn(fake, "setLabels").mockRejectedValue(new ResNetError("labels", "No labels there."));
    element.setAttribute("labels", "photo.png");
    await settled();
    expect(events.at(-1)).toBe("error labels");
    expect(part(element, "error").textContent).toBe("No labels there.");
    expect(texts(element, "label")).toEqual(["tabby", "lynx"]);
  });

  it("tries to load the weights again for a photo that comes after they failed", async () => {
    answers = { loadError: new ResNetError("weights-download", "No weights there.") };
    const { element, events } = put();
    await settled();
    await expect(element.classify("a.png")).rejects.toMatchObject({ code: "weights-download" });
    expect(events).toEqual(["error weights-download", "error weights-download"]);
    answers = { answer: tabby };
    await expect(element.classify("b.png")).resolves.toMatchObject({ top: tabby });
    expect(made).toHaveLength(3);
  });

  it("gives the classes the weight file's names again when its labels are removed", async () => {
    const { element } = put({ weights: "w", labels: "l.txt" });
    await settled();
    element.removeAttribute("labels");
    await settled();
    expect(made.map(({ options }) => options.labels)).toEqual(["l.txt", undefined]);
    element.labels = null;
    await settled();
    expect(made).toHaveLength(2);
  });

  /** What is on show. */
  const shown = (element: Element) => ({
    photo: part(element, "image").getAttribute("src"),
    classes: texts(element, "label"),
    status: part(element, "status").textContent,
    progress: !part(element, "progress").hidden,
  });
  const REMOVED: [
    what: string,
    attribute: string,
    isLoaded: boolean,
    then: ReturnType<typeof shown>,
  ][] = [
    [
      "the weights during their download",
      "weights",
      false,
      { photo: "cat.png", classes: [], status: "", progress: false },
    ],
    [
      "the weights later",
      "weights",
      true,
      { photo: "cat.png", classes: [], status: "", progress: false },
    ],
    [
      "the photo while the model loads",
      "src",
      false,
      { photo: null, classes: [], status: "Loading the model…", progress: true },
    ],
    [
      "the photo later",
      "src",
      true,
      { photo: null, classes: [], status: "The model is ready.", progress: false },
    ],
  ];
  it.each(REMOVED)("shows no more of %s than is left", async (_, attribute, isLoaded, then) => {
    const { element, finish } = putLoading({ weights: "w", src: "cat.png" });
    if (isLoaded) finish();
    await settled();
    element.removeAttribute(attribute);
    await settled();
    expect(shown(element)).toEqual(then);
  });

  it("keeps a photo that was chosen in the place of a src that is removed", async () => {
    const { element } = put({ weights: "w", src: "cat.png" });
    await settled();
    await element.classify("dog.png");
    element.removeAttribute("src");
    await settled();
    expect(shown(element)).toMatchObject({ photo: "dog.png", classes: ["tabby", "lynx"] });
  });

  it("ends its classifier when it is removed, not when it is moved", async () => {
    const { element } = put();
    await settled();
    const around = document.createElement("div");
    document.body.append(around);
    around.append(element);
    await settled();
    expect(made.map(({ fake }) => fake.isDisposed)).toEqual([false]);
    element.remove();
    await settled();
    expect(made.map(({ fake }) => fake.isDisposed)).toEqual([true]);
    expect(element.classifier).toBeNull();
    document.body.append(element);
    await settled();
    expect(made).toHaveLength(2);
  });

  it("no longer holds the photo when it is removed", async () => {
    const revoke = vi.spyOn(URL, "revokeObjectURL");
    const { element } = put();
    await settled();
    await element.classify(photo());
    const address = part(element, "image").getAttribute("src");
    element.remove();
    await settled();
    expect(revoke).toHaveBeenLastCalledWith(address);
    expect(part(element, "image").hidden).toBe(true);
  });

  it("tries a dropped file whose type is unknown", async () => {
    const { element } = put();
    const file = new File(["photo"], "photo.heic");
    await settled();
    const event = new Event("drop", { cancelable: true });
    element.dispatchEvent(Object.assign(event, { dataTransfer: { files: [file] } }));
    await settled();
    expect(made[0]?.fake.calls.at(-1)?.image).toBe(file);
  });

  it("classifies with the model that its attributes name from the moment that they are set", async () => {
    const { element, events } = put();
    await expect(element.classify("a.png")).resolves.toMatchObject({ top: tabby });
    element.weights = "other.safetensors";
    await expect(element.classify("b.png")).resolves.toMatchObject({ top: tabby });
    expect(
      made.map(({ options, fake }) => [options.weights, fake.calls.map(({ image }) => image)]),
    ).toEqual([
      ["w.safetensors", ["a.png"]],
      ["other.safetensors", ["b.png"]],
    ]);
    expect(events.filter((event) => event.startsWith("error"))).toEqual([]);
  });

  it("says what is missing where it has no weights", async () => {
    const { element, events } = put({});
    await settled();
    expect(made).toEqual([]);
    await expect(element.classify(photo())).rejects.toMatchObject({ code: "not-ready" });
    expect(events).toEqual(["error not-ready"]);
  });

  it("speaks another language where a page gives it the texts", async () => {
    const { element } = put({ weights: "w", src: "cat.png" });
    element.texts = {
      choose: "Foto wählen",
      result: ([first]) => `Zu sehen: ${first?.label}`,
    };
    await settled();
    expect(part(element, "button").textContent).toBe("Foto wählen");
    expect(part(element, "status").textContent).toBe("Zu sehen: tabby");
  });
});
