"""Where the weights stay between jobs: on the device, or on the host where the device cannot hold them all."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import torch

from adapters.video_model.config import DataType
from adapters.video_model.diffusers.loading import Components
from domain.errors import OutOfMemory

MemoryPolicy = Literal["resident", "model offload"]

_GIB: Final = 1 << 30
_ACTIVATIONS_BYTES: Final = 8 * _GIB
"""Kept free on the device for a clip's activations. 1920x1088x121 takes more, 768x512x121 less; a job that does
not fit can still ask for `low_vram`."""


def memory_policy(component_bytes: Mapping[str, int], free: int) -> MemoryPolicy:
    """The way in which weights of these sizes run on a device with `free` bytes.

    Resident: all of them stay there. Model offload: they stay on the host, and one component at a time is there.

    Raises:
        OutOfMemory: not even the largest component fits beside a clip.
    """
    if sum(component_bytes.values()) + _ACTIVATIONS_BYTES <= free:
        return "resident"
    name = max(component_bytes, key=lambda component: component_bytes[component])
    if component_bytes[name] + _ACTIVATIONS_BYTES <= free:
        return "model offload"
    message = (
        f"The GPU has {free / _GIB:.0f} GiB free; the {name} alone needs {component_bytes[name] / _GIB:.0f} GiB, and "
        f"{_ACTIVATIONS_BYTES / _GIB:.0f} GiB for a clip: choose a larger GPU"
    )
    raise OutOfMemory(message)


def loaded_bytes(components: Components) -> dict[str, int]:
    """Bytes of the parameters and buffers of each component."""
    return {
        name: sum(tensor.nbytes for tensor in (*part.parameters(), *part.buffers()))
        for name, part in components.by_name.items()
        if isinstance(part, torch.nn.Module)
    }


def expected_bytes(snapshot: Path, dtype: DataType) -> dict[str, int]:
    """Bytes that the weights of each component will take in `dtype`, whatever they are stored in."""
    sizes: dict[str, int] = {}
    for file in snapshot.glob("*/*.safetensors"):
        sizes[file.parent.name] = sizes.get(file.parent.name, 0) + _values_in(file) * getattr(torch, dtype).itemsize
    return sizes


def _values_in(file: Path) -> int:
    """How many numbers a safetensors file holds, by its header (github.com/huggingface/safetensors, "Format")."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
