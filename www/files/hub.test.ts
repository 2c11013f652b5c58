import { expect, it } from "vitest";
import { fileAddress } from "./address";
import { hubRepository, weightsAmong } from "./hub";

it.each<{ what: string; files: string[]; weights: string | undefined }>([
  {
    what: "a repository of transformers'",
    files: [
      "README.md",
      "flax_model.msgpack",
      "pytorch_model.bin",
      "model.safetensors",
      "tf_model.h5",
    ],
    weights: "model.safetensors",
  },
  {
    what: "one of timm's before safetensors",
    files: ["config.json", "pytorch_model.bin"],
    weights: "pytorch_model.bin",
  },
  {
    what: "one of transformers.js'",
    files: ["onnx/model.onnx", "onnx/model_quantized.onnx", "config.json"],
    weights: "onnx/model.onnx",
  },
  {
    what: "what a training left",
    files: ["optimizer.pt", "training_args.bin", "checkpoint-5/weights.pth", "last.ckpt"],
    weights: "last.ckpt",
  },
  { what: "weights in parts", files: ["model-00001-of-00002.safetensors"], weights: undefined },
  { what: "nothing of use", files: ["README.md"], weights: undefined },
])("of $what $weights is taken", ({ files, weights }) => {
  expect(weightsAmong(files)).toBe(weights);
});

it("a repository's files are listed and fetched where the hub has them", () => {
  const page = fileAddress("hf:a/b@v1", "https://page.test/");
  expect(hubRepository(page)).toEqual({
    name: "a/b",
    list: "https://huggingface.co/api/models/a/b/revision/v1",
    files: "https://huggingface.co/a/b/resolve/v1/",
  });
  expect(hubRepository("https://huggingface.co/a/b/resolve/v1/c.pth")).toBeNull();
  expect(hubRepository("https://files.test/a/b/tree/main")).toBeNull();
});

it("the hub may be another one", () => {
  const hub = "http://127.0.0.1:8000";
  const page = fileAddress("hf:a/b", "https://page.test/", hub);
  expect(page).toBe("http://127.0.0.1:8000/a/b/tree/main");
  expect(hubRepository(page, hub)?.list).toBe("http://127.0.0.1:8000/api/models/a/b/revision/main");
});
