import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { externalNames } from "./external-data";

const written = (name: string) =>
  new Uint8Array(gunzipSync(readFileSync(`tests/fixtures/onnx/${name}.gz`)));
const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const located = (name: string) =>
  `\x08\x08:\n\n\x08location\x12${String.fromCharCode(name.length)}${name}`;

const CASES: { what: string; bytes: Uint8Array; names: string[] }[] = [
  { what: "a model with its weights", bytes: written("basic-opset17.onnx"), names: [] },
  { what: "one file", bytes: written("external.onnx"), names: ["external.onnx.data"] },
  {
    what: "PyTorch's second exporter",
    bytes: written("dynamo-external.onnx"),
    names: ["dynamo-external.onnx.data"],
  },
  {
    what: "two files",
    bytes: written("external-two.onnx"),
    names: ["external-two.weights", "external-two.bin"],
  },
  { what: "another format", bytes: ascii(`PK\x03\x04${located("a.data")}`), names: [] },
  { what: "a short name", bytes: ascii(located("a")), names: ["a"] },
  { what: "a name with spaces", bytes: ascii(located("a b.data")), names: ["a b.data"] },
  { what: "another folder", bytes: ascii(located("../a.data")), names: [] },
  { what: "the folder itself", bytes: ascii(located(".")), names: [] },
  { what: "a drive", bytes: ascii(located("C:a.data")), names: [] },
  { what: "no name", bytes: ascii(located("")), names: [] },
  { what: "a name that is cut short", bytes: ascii(located("a.data").slice(0, -1)), names: [] },
  { what: "an empty file", bytes: new Uint8Array(), names: [] },
];

it("finds the files in which an ONNX model has its weights, however it arrives", async () => {
  for (const { what, bytes, names } of CASES) {
    for (const size of [1, 7, 1000, 1 << 20]) {
      // Byte by byte only what is short.
      if (size < 1000 && bytes.length > 1000) continue;
      expect(await externalNames(inPieces(bytes, size)), `${what}, ${size} at a time`).toEqual(
        names,
      );
    }
  }
});

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let start = 0; start < bytes.length; start += size) {
    yield new Uint8Array(bytes.slice(start, start + size));
  }
}
