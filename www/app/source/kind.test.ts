import { expect, it } from "vitest";
import starts from "../../../tests/fixtures/weight-starts.json";
import { type Kind, kindOf } from "./kind";

interface Case {
  what: string;
  name?: string;
  type?: string;
  content: string | readonly number[];
  kind: Kind;
}

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const brand = (name: string) => [0, 0, 0, 28, ...ascii(`ftyp${name}`)];
const safetensors = [16, 0, 0, 0, 0, 0, 0, 0, ...ascii('{"a":{"b":"c"}}  ')];

const CASES: Case[] = [
  // Photos, by their bytes whatever they are called.
  { what: "JPEG", content: [0xff, 0xd8, 0xff, 0xe0], kind: "photo" },
  {
    what: "JPEG named as weights",
    name: "a.pth",
    content: [0xff, 0xd8, 0xff, 0xe0],
    kind: "photo",
  },
  { what: "JPEG named as a text", name: "a.txt", content: [0xff, 0xd8, 0xff, 0xe0], kind: "photo" },
  { what: "PNG", content: [0x89, ...ascii("PNG\r\n\x1a\n")], kind: "photo" },
  { what: "GIF", content: "GIF89a", kind: "photo" },
  { what: "WebP", content: "RIFF\x10\0\0\0WEBPVP8 ", kind: "photo" },
  { what: "AVIF", content: brand("avif"), kind: "photo" },
  { what: "HEIC", content: brand("heic"), kind: "photo" },
  { what: "BMP", content: [...ascii("BM"), ...Array(12).fill(0), 40, 0, 0, 0], kind: "photo" },
  { what: "TIFF", content: "II*\0\x08\0\0\0", kind: "photo" },
  { what: "SVG", content: '<svg xmlns="http://www.w3.org/2000/svg">', kind: "photo" },
  {
    what: "SVG with all that may come before",
    content: '\ufeff<?xml version="1.0"?>\n<!-- a\nb --><!DOCTYPE svg PUBLIC "x">\n<svg>',
    kind: "photo",
  },
  // What is none: its reader says so.
  { what: "text named as a photo", name: "a.JPG", content: "a text", kind: "photo" },
  { what: "nothing, typed as a photo", type: "image/png", content: "", kind: "photo" },
  { what: "bytes typed as a photo", type: "image/x-raw", content: [0, 1, 2, 3], kind: "photo" },
  // Weights.
  { what: "safetensors", content: safetensors, kind: "weights" },
  { what: "safetensors named as a photo", name: "a.png", content: safetensors, kind: "weights" },
  { what: "PyTorch's zip", content: "PK\x03\x04", kind: "weights" },
  { what: "PyTorch's pickle", content: [0x80, 0x02, 0x8a], kind: "weights" },
  { what: "burnpack", content: "NRUB", kind: "weights" },
  { what: "GGUF", content: "GGUF\x03\0", kind: "other-format" },
  { what: "HDF5", content: [0x89, ...ascii("HDF\r\n")], kind: "other-format" },
  { what: "ONNX", content: [0x08, 0x07, 0x12, ...ascii("\x07pytorch")], kind: "weights" },
  { what: "a SavedModel", content: [0x08, 0x01, 0x12, 0x8e, 0x04], kind: "other-format" },
  { what: "TensorFlow Lite", content: "\x1c\0\0\0TFL3", kind: "other-format" },
  { what: "NumPy", content: [0x93, ...ascii("NUMPY")], kind: "other-format" },
  {
    what: "a Git LFS pointer",
    content: "version https://git-lfs.github.com",
    kind: "other-format",
  },
  { what: "bytes named as weights", name: "a.onnx", content: [0, 1], kind: "other-format" },
  { what: "text named as weights", name: "a.pth", content: "none", kind: "other-format" },
  { what: "a web page named as weights", name: "a.pth", content: "<html>", kind: "other-format" },
  { what: "nothing named as weights", name: "a.ckpt", content: "", kind: "other-format" },
  // Labels and what else describes a model.
  { what: "a JSON list of labels", content: '["cat", "dog"]', kind: "labels" },
  { what: "labels by number", content: '{"1": "dog", "0": "cat"}', kind: "labels" },
  { what: "Keras' index", content: '{"0": ["n01440764", "tench"]}', kind: "labels" },
  { what: "numbers by label", content: '{"cat": 0, "dog": 1}', kind: "labels" },
  { what: "numbers under a key", content: '{"id2label": {"0": "cat"}}', kind: "labels" },
  {
    what: "Hugging Face's config",
    content: '{"model_type": "resnet", "id2label": {"0": "cat"}}',
    kind: "configuration",
  },
  { what: "JSON with a byte order mark", content: '\ufeff["cat"]', kind: "labels" },
  { what: "a list of Python's", content: "['cat', 'dog']", kind: "labels" },
  { what: "a dictionary of Python's", content: "{0: 'cat', 1: 'dog'}", kind: "labels" },
  { what: "Hugging Face's preprocessor", content: '{"image_mean": [0.5]}', kind: "configuration" },
  { what: "timm's config", content: '{"pretrained_cfg": {}}', kind: "configuration" },
  { what: "an index of shards", content: '{"weight_map": {}}', kind: "shards" },
  { what: "other JSON", content: '{"width": 3, "height": 4}', kind: "text" },
  { what: "an empty list", content: "[]", kind: "text" },
  { what: "labels cut short, as their reader says", content: '["cat", "do', kind: "labels" },
  { what: "other JSON cut short", content: "[1, 2", kind: "text" },
  { what: "lines", content: "cat\r\ndog\r\n", kind: "text" },
  { what: "lines in Latin-1", content: [...ascii("Bl"), 0xe4, ...ascii("ss\n")], kind: "text" },
  { what: "lines in UTF-16", content: [0xff, 0xfe, 0x63, 0, 0x61, 0], kind: "text" },
  { what: "lines in UTF-16 without a mark", content: [0x63, 0, 0x61, 0], kind: "text" },
  {
    what: "lines that begin as a bitmap does",
    content: "BMW\ntram car, streetcar\n",
    kind: "text",
  },
  // Nothing for this page.
  { what: "nothing", content: "", kind: "empty" },
  { what: "PDF", name: "a.pdf", content: "%PDF-1.7\n\x01\x02", kind: "unknown" },
  { what: "a film", name: "a.mp4", content: brand("isom"), kind: "unknown" },
  { what: "a web page", name: "a.html", content: "<!doctype html><svg>", kind: "unknown" },
];

for (const { what, name = "unnamed", type = "", content, kind } of CASES) {
  it(`${what} is for ${kind}`, async () => {
    const bytes = typeof content === "string" ? content : new Uint8Array(content);
    expect(await kindOf(new File([bytes], name, { type }))).toBe(kind);
  });
}

it("takes for weights what the readers of weights do", async () => {
  const kinds = starts.map(async ({ name, at, hex }) => {
    const bytes = new Uint8Array([...Array(at).fill(0), ...Buffer.from(hex, "hex")]);
    return [name, (await kindOf(new File([bytes], "unnamed"))) === "weights"];
  });
  expect(await Promise.all(kinds)).toEqual(starts.map(({ name, weights }) => [name, weights]));
});
