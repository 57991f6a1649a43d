"""Where the weights stay between jobs: on the device, or on the host where the device cannot hold them all."""

from typing import Final

import torch

from adapters.video_model.diffusers.loading import Components

_ACTIVATIONS_BYTES: Final = 8 << 30
"""Kept free on the device for a clip's activations. 1920x1088x121 takes more, 768x512x121 less; a job that does
not fit can still ask for `low_vram`."""


def home_of(components: Components, device: str) -> str:
    """`device` if all weights fit there beside a clip, else "cpu": every job then runs with model offload."""
    if not device.startswith("cuda"):
        return device
    free, _ = torch.cuda.mem_get_info(device)
    return device if fits(weight_bytes(components), free) else "cpu"


def fits(weights: int, free: int) -> bool:
    """Whether `weights` bytes can stay on a device with `free` bytes."""
    return weights + _ACTIVATIONS_BYTES <= free


def weight_bytes(components: Components) -> int:
    """Bytes of all parameters and buffers, each counted once."""
    tensors = {
        tensor.data_ptr(): tensor.nbytes
        for part in components.by_name.values()
        if isinstance(part, torch.nn.Module)
        for tensor in (*part.parameters(), *part.buffers())
    }
    return sum(tensors.values())
