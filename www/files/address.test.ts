import { describe, expect, it } from "vitest";
import { toResNetError } from "../protocol/errors";
import { fileAddress } from "./address";

const PAGE = "https://page.test/app/";

describe("the address that a file is fetched from", () => {
  it.each<[string, string]>([
    ["./weights/manifest.json", "https://page.test/app/weights/manifest.json"],
    ["https://files.test/a b.pth?x=1#y", "https://files.test/a%20b.pth?x=1#y"],
    ["blob:https://page.test/0-1", "blob:https://page.test/0-1"],
    // User and password.
    ["https://user:secret@files.test/a.pth", "https://files.test/a.pth"],
    ["//user@files.test/a.pth", "https://files.test/a.pth"],
    ["http:user:secret@files.test/a.pth", "http://files.test/a.pth"],
    // A hub's page about a file.
    [
      "https://huggingface.co/timm/resnet18/blob/main/model.safetensors",
      "https://huggingface.co/timm/resnet18/resolve/main/model.safetensors",
    ],
    [
      "https://huggingface.co/resnet/blob/main/blob/model.safetensors?download=true",
      "https://huggingface.co/resnet/resolve/main/blob/model.safetensors?download=true",
    ],
    [
      "https://huggingface.co/datasets/a/b/blob/main/labels.json",
      "https://huggingface.co/datasets/a/b/resolve/main/labels.json",
    ],
    [
      "https://hf.co/timm/resnet18/blob/main/model.safetensors",
      "https://hf.co/timm/resnet18/resolve/main/model.safetensors",
    ],
    [
      "https://github.com/a/b/blob/main/models/c.pth?raw=true",
      "https://raw.githubusercontent.com/a/b/main/models/c.pth",
    ],
    [
      "https://github.com/a/b/raw/refs/heads/main/c.pth",
      "https://raw.githubusercontent.com/a/b/refs/heads/main/c.pth",
    ],
    // A model's repository on the hub, by its short name or one of its pages.
    ["hf:timm/resnet18.a1_in1k", "https://huggingface.co/timm/resnet18.a1_in1k/tree/main"],
    ["hf://timm/resnet18/", "https://huggingface.co/timm/resnet18/tree/main"],
    ["HF:a/b@v1.0", "https://huggingface.co/a/b/tree/v1.0"],
    ["hf:a/b@refs%2Fpr%2F1", "https://huggingface.co/a/b/tree/refs%2Fpr%2F1"],
    ["hf:a/b@refs/pr/3", "https://huggingface.co/a/b/tree/refs%2Fpr%2F3"],
    ["hf:a/b@refs/pr/3/c.pth", "https://huggingface.co/a/b/resolve/refs%2Fpr%2F3/c.pth"],
    ["hf-hub:timm/resnet18", "https://huggingface.co/timm/resnet18/tree/main"],
    ["hf:a/b/c.onnx?download=true#d", "https://huggingface.co/a/b/resolve/main/c.onnx"],
    ["https://huggingface.co/a/b/tree/refs/pr/3", "https://huggingface.co/a/b/tree/refs%2Fpr%2F3"],
    ["hf:a/b/onnx/c d.onnx", "https://huggingface.co/a/b/resolve/main/onnx/c%20d.onnx"],
    ["hf:a/b@dev/c.pth", "https://huggingface.co/a/b/resolve/dev/c.pth"],
    [
      "https://huggingface.co/microsoft/resnet-50",
      "https://huggingface.co/microsoft/resnet-50/tree/main",
    ],
    ["https://hf.co/a/b/tree/dev/folder", "https://huggingface.co/a/b/tree/dev"],
    ["https://huggingface.co/docs/hub", "https://huggingface.co/docs/hub"],
    ["https://huggingface.co/datasets/a/b", "https://huggingface.co/datasets/a/b"],
    ["https://files.test/a/b", "https://files.test/a/b"],
    // What only looks like one.
    [
      "https://huggingface.co/a/b/resolve/main/c.pth",
      "https://huggingface.co/a/b/resolve/main/c.pth",
    ],
    ["https://files.test/a/b/blob/main/c.pth", "https://files.test/a/b/blob/main/c.pth"],
    [
      "https://huggingface.co.files.test/a/b/blob/main/c.pth",
      "https://huggingface.co.files.test/a/b/blob/main/c.pth",
    ],
  ])("of %s is %s", (address, file) => {
    expect(fileAddress(address, PAGE)).toBe(file);
  });

  it("of an extension's own file is allowed to the extension", () => {
    const file = fileAddress("models/a.pth", "chrome-extension://abcdef/page.html");
    expect(file).toBe("chrome-extension://abcdef/models/a.pth");
  });

  it.each<[string, string]>([
    ["javascript:alert(1)", "this one begins with javascript: Give"],
    ["file:///home/user/a.pth", "this one begins with file: Give"],
    ["chrome-extension://abcdef/a.pth", "this one begins with chrome-extension: Give"],
    ["data:application/json,{}", "this one begins with data: Give"],
    ["ftp://files.test/a.pth", "this one begins with ftp: Give"],
    ["hf:resnet-50", "“hf:resnet-50” names no model on the Hugging Face Hub. Write hf:owner/name"],
    ["hf-hub:", "“hf-hub:” names no model"],
    ["hf:resnet-50@main", "“hf:resnet-50@main” names no model"],
    ["hf:a/b@refs/heads/main", "names no model"],
    ["hf:../..", "names no model"],
    ["hf:a/%2E.", "names no model"],
    ["hf:a/b@..", "names no model"],
    ["hf:a/b/../../c/d/x.pth", "names no model"],
    ["hf:a/b/..\\..\\x.pth", "names no model"],
    ["blob:https://files.test/0-1", "this one begins with blob: Give"],
    ["http://[", "“http://[” is no address."],
    ["https://", "“https://” is no address."],
    ["https://user:secret@[", "“[” is no address."],
    [`http://[${"x".repeat(1000)}`, `“http://[${"x".repeat(192)}…” is no address.`],
  ])("does not come of %s", (address, says) => {
    let error: unknown;
    try {
      fileAddress(address, PAGE);
    } catch (thrown) {
      error = thrown;
    }
    const { code, message } = toResNetError(error);
    expect({ code, message }).toEqual({
      code: "address",
      message: expect.stringContaining(says),
    });
  });
});
