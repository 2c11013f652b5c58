import { expect, it } from "vitest";
import { fileAddress } from "./address";
import { hubRepository, weightsAmong } from "./hub";

it.each<{ what: string; files: string[]; weights: string[] }>([
  {
    what: "a repository of transformers'",
    files: [
      "README.md",
      "flax_model.msgpack",
      "pytorch_model.bin",
      "model.safetensors",
      "tf_model.h5",
    ],
    weights: ["model.safetensors"],
  },
  {
    what: "one of timm's before safetensors",
    files: ["config.json", "pytorch_model.bin"],
    weights: ["pytorch_model.bin"],
  },
  {
    what: "one of transformers.js'",
    files: ["onnx/model.onnx", "onnx/model_quantized.onnx", "config.json"],
    weights: ["onnx/model.onnx"],
  },
  {
    what: "what a training left",
    files: ["optimizer.pt", "training_args.bin", "checkpoint-5/weights.pth", "last.ckpt"],
    weights: ["last.ckpt"],
  },
  {
    what: "one with other programs' .bin files",
    files: ["events.bin", "vocab.bin", "openvino_model.bin", "weights.bin", "resnet.pth"],
    weights: ["resnet.pth"],
  },
  {
    what: "one of optimum's",
    files: ["openvino_model.bin", "openvino_model.xml", "model.onnx"],
    weights: ["model.onnx"],
  },
  { what: "a checkpoint", files: ["checkpoint.pth.tar"], weights: ["checkpoint.pth.tar"] },
  { what: "capitals", files: ["Model.SAFETENSORS"], weights: ["Model.SAFETENSORS"] },
  { what: "one of fastai's", files: ["model.pkl", "pyproject.toml"], weights: ["model.pkl"] },
  {
    what: "several of a kind with the usual name",
    files: ["onnx/model_fp16.onnx", "onnx/model.onnx", "onnx/model_int8.onnx"],
    weights: ["onnx/model.onnx"],
  },
  {
    what: "several of a kind",
    files: ["resnet18.pth", "resnet50.pth", "old/resnet34.pth"],
    weights: ["resnet18.pth", "resnet50.pth"],
  },
  { what: "weights in parts", files: ["model-00001-of-00002.safetensors"], weights: [] },
  { what: "nothing of use", files: ["README.md"], weights: [] },
])("of $what $weights is taken", ({ files, weights }) => {
  expect(weightsAmong(files)).toEqual(weights);
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
