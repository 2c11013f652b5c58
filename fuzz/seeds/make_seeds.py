"""Writes the seeds of the fuzz targets: small real files in every form.

    python3 make_seeds.py

Needs torch, torchvision and safetensors. burnpack's seeds are written by the ignored test `burnpack_seeds` of
tests/weights.rs; `costly-*`, which ask for more memory or time than they have bytes, by `seeds` of
crates/core/tests/reading_costs.rs.
"""

import os
import pathlib

import torch
import torchvision
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def fresh(name):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        if not file.name.startswith("costly-"):
            file.unlink()
    return folder


def small():
    """A few tensors of every kind that a state dict holds."""
    return {
        "conv1.weight": torch.arange(12.0).reshape(2, 3, 2, 1),
        "bn1.num_batches_tracked": torch.tensor(7),
        "half": torch.ones(3).half(),
        "brain": torch.ones(3).bfloat16(),
        "double": torch.ones(2, 2).double(),
        "bytes": torch.arange(5, dtype=torch.int8),
        "fc.weight": torch.arange(6.0).reshape(2, 3).t(),
    }


def resnet(build, **options):
    """A whole ResNet's names and shapes, every tensor one number seen many times over."""
    state = build(**options).state_dict()
    return {name: torch.tensor(0.0).expand(value.shape) for name, value in state.items()}


def pytorch():
    folder = fresh("pytorch")
    torch.save(small(), folder / "small.pth")
    torch.save(small(), folder / "small-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(small(), folder / "small-protocol4.pth", pickle_protocol=4)
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in small().items()}}, folder / "nested.pth")
    torch.save({k: torch.nn.Parameter(v) for k, v in small().items() if v.is_floating_point()}, folder / "parameters.pth")
    torch.save(torch.nn.Linear(2, 2), folder / "module.pth")
    torch.save({"a": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)}, folder / "quantized.pth")
    torch.save({"a": torch.eye(3).to_sparse()}, folder / "sparse.pth")
    for name in ["resnet18", "resnet50"]:
        build = getattr(torchvision.models, name)
        torch.save(resnet(build, num_classes=10), folder / f"{name}.pth")
        torch.save(resnet(build), folder / f"{name}-legacy.pth", _use_new_zipfile_serialization=False)


def safetensors():
    folder = fresh("safetensors")
    state = {name: value.contiguous() for name, value in small().items()}
    save_file(state, folder / "small.safetensors")
    save_file(state, folder / "described.safetensors", metadata={"format": "pt", "resnet-web": '{"format": 1}'})
    names = torchvision.models.resnet18().state_dict()
    save_file({name: torch.zeros(0) for name in names}, folder / "names.safetensors")


def labels():
    folder = fresh("labels")
    for name, text in {
        "lines": "tench\ngoldfish\n",
        "list": '["tench", "goldfish"]',
        "object": '{"0": "tench", "1": "goldfish"}',
        "keras": '{"0": ["n01440764", "tench"]}',
        "hugging-face": '{"id2label": {"0": "tench"}}',
    }.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    os.chdir(HERE)
    pytorch()
    safetensors()
    labels()
