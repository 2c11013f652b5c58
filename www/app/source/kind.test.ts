import { expect, test } from "vitest";
import { type Kind, kindOf } from "./kind";

const CASES: {
  what: string;
  name: string;
  type?: string;
  bytes?: number[] | string;
  kind: Kind;
}[] = [
  { what: "a photo by its type", name: "cat", type: "image/png", kind: "photo" },
  { what: "a photo by nothing at all", name: "cat", bytes: [0xff, 0xd8, 0xff], kind: "photo" },
  { what: "an empty file", name: "cat", kind: "photo" },
  { what: "safetensors by its name", name: "model.SAFETENSORS", kind: "weights" },
  { what: "PyTorch by its name", name: "resnet18-f37072fd.pth", kind: "weights" },
  { what: "PyTorch by its bytes", name: "model", bytes: "PK\u0003\u0004", kind: "weights" },
  { what: "an old PyTorch file by its bytes", name: "model", bytes: [0x80, 2], kind: "weights" },
  { what: "burnpack by its bytes", name: "model", bytes: "NRUB", kind: "weights" },
  { what: "safetensors by its bytes", name: "model", bytes: "12345678{", kind: "weights" },
  { what: "another framework's, to be told so", name: "model.onnx", kind: "weights" },
  { what: "labels", name: "classes.txt", type: "text/plain", kind: "labels" },
  { what: "labels in JSON", name: "config.json", type: "application/json", kind: "labels" },
];

for (const { what, name, type = "", bytes = [], kind } of CASES) {
  test(`${what} is for ${kind}`, async () => {
    const content = typeof bytes === "string" ? bytes : new Uint8Array(bytes);
    expect(await kindOf(new File([content], name, { type }))).toBe(kind);
  });
}
