import { expect, it } from "vitest";
import { type Found, type Sorted, sortDropped } from "./sort";

type Kinds = Record<string, Found["kind"]>;
/** Names of files, where a sorted drop has files. */
interface Expected {
  weights?: string;
  labels?: string;
  configurations?: string[];
  photos?: string[];
  unused?: Record<string, Sorted["unused"][number]["why"]>;
}

const CASES: { what: string; files: Kinds; is: Expected }[] = [
  { what: "nothing", files: {}, is: {} },
  { what: "a photo", files: { "a.jpg": "photo" }, is: { photos: ["a.jpg"] } },
  { what: "photos", files: { a: "photo", b: "photo" }, is: { photos: ["a", "b"] } },
  {
    what: "weights with config and preprocessor",
    files: {
      "config.json": "configuration",
      "preprocessor_config.json": "configuration",
      "model.safetensors": "weights",
    },
    is: {
      weights: "model.safetensors",
      configurations: ["config.json", "preprocessor_config.json"],
    },
  },
  {
    what: "a photo with weights",
    files: { photo: "photo", "a.pth": "weights" },
    is: { weights: "a.pth", photos: ["photo"] },
  },
  {
    what: "photos, weights and labels",
    files: { a: "photo", "labels.txt": "text", b: "photo", w: "weights" },
    is: { weights: "w", labels: "labels.txt", photos: ["a", "b"] },
  },
  {
    what: "a folder of Hugging Face's",
    files: {
      ".gitattributes": "text",
      "README.md": "text",
      "config.json": "configuration",
      "flax_model.msgpack": "unknown",
      "model.safetensors": "weights",
      "pytorch_model.bin": "weights",
      "tf_model.h5": "other-format",
    },
    is: {
      weights: "model.safetensors",
      configurations: ["config.json"],
      unused: {
        "pytorch_model.bin": "other-weights",
        "tf_model.h5": "other-weights",
        ".gitattributes": "unknown",
        "README.md": "unknown",
        "flax_model.msgpack": "unknown",
      },
    },
  },
  {
    what: "weights of two formats, the worse one first",
    files: { "a.pth": "weights", "b.safetensors": "weights" },
    is: { weights: "b.safetensors", unused: { "a.pth": "other-weights" } },
  },
  {
    what: "weights that are read, and others before them",
    files: { "a.onnx": "other-format", "b.pth": "weights" },
    is: { weights: "b.pth", unused: { "a.onnx": "other-weights" } },
  },
  {
    what: "weights that are not read, whose reader says so",
    files: { "a.onnx": "other-format" },
    is: { weights: "a.onnx" },
  },
  { what: "a text alone", files: { "a.md": "text" }, is: { labels: "a.md" } },
  {
    what: "a text with photos",
    files: { a: "photo", b: "photo", "readme.txt": "text" },
    is: { photos: ["a", "b"], unused: { "readme.txt": "unknown" } },
  },
  {
    what: "labels with a photo, for the model that is there",
    files: { a: "photo", "class_names.txt": "text" },
    is: { photos: ["a"], labels: "class_names.txt" },
  },
  {
    what: "two files of labels, the one that is called so first",
    files: { "a.json": "labels", "labels.txt": "text" },
    is: { labels: "labels.txt", unused: { "a.json": "other-labels" } },
  },
  {
    what: "labels and a configuration",
    files: { "config.json": "configuration", "labels.txt": "text" },
    is: { labels: "labels.txt", configurations: ["config.json"] },
  },
  {
    what: "what is of no use",
    files: { a: "empty", b: "unknown", c: "unreadable", "d.index.json": "shards" },
    is: { unused: { "d.index.json": "shards", a: "empty", b: "unknown", c: "unreadable" } },
  },
];

it.each(CASES)("$what", ({ files, is }) => {
  const found = Object.entries(files).map(([name, kind]) => ({ file: new File([], name), kind }));
  const { weights, labels, configurations, photos, unused } = sortDropped(found);
  expect({
    weights: weights?.name,
    labels: labels?.name,
    configurations: configurations.map(({ name }) => name),
    photos: photos.map(({ name }) => name),
    unused: unused.map(({ name, why }) => [name, why]),
  }).toEqual({
    weights: is.weights,
    labels: is.labels,
    configurations: is.configurations ?? [],
    photos: is.photos ?? [],
    unused: Object.entries(is.unused ?? {}),
  });
  // Nothing is lost on the way.
  const used = [weights, labels, ...configurations].filter(Boolean).length + photos.length;
  expect(used + unused.length).toBe(found.length);
});

it("names what lies in a folder with its path", () => {
  const file = new File([], "a.txt");
  Object.defineProperty(file, "webkitRelativePath", { value: "folder/a.txt" });
  expect(sortDropped([{ file, kind: "unknown" }]).unused[0]?.name).toBe("folder/a.txt");
});

it("takes one configuration of each name", () => {
  const file = (name: string, path: string) => {
    const file = new File([], name);
    return Object.defineProperty(file, "webkitRelativePath", { value: path });
  };
  const files = [file("config.json", "a/config.json"), file("config.json", "b/config.json")];
  const { configurations, unused } = sortDropped(
    files.map((file) => ({ file, kind: "configuration" })),
  );
  expect(configurations).toEqual(files.slice(0, 1));
  expect(unused).toEqual([{ name: "b/config.json", why: "other-configurations" }]);
});

it.each([
  {
    what: "an ONNX model with its external data, whatever that looks like",
    files: ["a.onnx", "a.data", "a.bin"],
    is: { weights: "a.onnx", external: ["a.data", "a.bin"], unused: [] },
  },
  {
    what: "an ONNX model without it, and another's",
    files: ["a.onnx", "b.data"],
    is: { weights: "a.onnx", external: [], unused: ["b.data"] },
  },
  {
    what: "two ONNX models",
    files: ["a.onnx", "a.data", "b.onnx", "b.data"],
    is: { weights: "a.onnx", external: ["a.data"], unused: ["b.data", "b.onnx"] },
  },
  {
    what: "an ONNX model beside safetensors",
    files: ["a.onnx", "a.data", "a.safetensors"],
    is: { weights: "a.safetensors", external: [], unused: ["a.onnx", "a.data"] },
  },
])("$what", ({ files, is }) => {
  const named: Record<string, string[]> = { "a.onnx": ["a.data", "a.bin"], "b.onnx": ["b.data"] };
  const found = files.map((name): Found => {
    const kind = /safetensors|onnx|bin/.test(name) ? "weights" : "unknown";
    return { file: new File([], name), kind, ...(named[name] && { external: named[name] }) };
  });
  const { weights, external, unused } = sortDropped(found);
  expect({
    weights: weights?.name,
    external: external.map(({ name }) => name),
    unused: unused.map(({ name }) => name).sort(),
  }).toEqual({ ...is, unused: is.unused.sort() });
});
