"""Snapshots of a few components with made-up weights, as both the worker's loader and `from_pretrained` read them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderKLLTX2Video
from diffusers.pipelines.ltx2 import LTX2TextConnectors
from diffusers.pipelines.ltx2.latent_upsampler import LTX2LatentUpsamplerModel

from adapters.video_model.config import DataType
from adapters.video_model.diffusers.loading import load_components

CLASSES: Final[Mapping[str, tuple[str, Any]]] = {
    "vae": ("diffusers", AutoencoderKLLTX2Video),
    "connectors": ("ltx2", LTX2TextConnectors),
    "latent_upsampler": ("ltx2", LTX2LatentUpsamplerModel),
}
"""By name: the library as `model_index.json` has it, and the class."""

_PAGE: Final = 4096


def save_snapshot(folder: Path, modules: Mapping[str, torch.nn.Module]) -> tuple[Path, ...]:
    """Write `modules`, by their names, into `folder`; the files of their weights."""
    for name, module in modules.items():
        module.save_pretrained(folder / name)  # type: ignore[operator]  # a method of both libraries' models
    if "vae" not in modules:
        (folder / "vae").mkdir()
        (folder / "vae" / "config.json").write_text("{}", encoding="utf-8")  # the worker looks into it
    index = {name: (CLASSES[name][0], CLASSES[name][1].__name__) for name in modules}
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "LTX2Pipeline", **index}), encoding="utf-8")
    return tuple(sorted(folder.glob("*/*.safetensors")))


def load_as_worker(folder: Path, names: Iterable[str], dtype: DataType, device: str = "cpu") -> list[torch.nn.Module]:
    """By the worker's own loader, onto `device`."""
    return list(load_components(folder, dtype=dtype, devices=dict.fromkeys(names, device)).modules.values())


def load_plainly(folder: Path, names: Iterable[str], dtype: DataType, device: str = "cpu") -> list[torch.nn.Module]:
    """As diffusers' documentation loads a component."""
    wanted = getattr(torch, dtype)
    return [CLASSES[name][1].from_pretrained(folder / name, dtype=wanted).to(device) for name in names]


def touch(modules: Iterable[torch.nn.Module]) -> None:
    """Read a byte of each page: on the CPU, weights may be views of a mapped file that nobody has read yet."""
    for module in modules:
        for tensor in module.parameters():
            tensor.detach().flatten().view(torch.uint8)[::_PAGE].sum()
