"""A checkpoint of random weights, as the worker's engine takes one."""

from collections.abc import Mapping
from typing import Any, Final

import torch

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.device import chosen_device, room
from adapters.video_model.diffusers.engine import Engine, start_engine
from adapters.video_model.diffusers.loading import TextReady
from adapters.video_model.diffusers.memory.sizes import dimensions
from adapters.video_model.diffusers.recognition import CheckpointFacts
from adapters.video_model.diffusers.source import CheckpointSource
from benchmarks.gpu.architecture import Architecture
from benchmarks.gpu.building import MODULES, build_module, build_rest, weight_bytes

_ROOM_FOR_BUILDING: Final = 1.2
"""Of a component's size: what its constructor needs on the device for a moment."""


def random_engine(config: ModelConfig, architecture: Architecture, *, distilled: bool) -> Engine:
    """The worker's engine, placed by its own memory policy, over components of random weights.

    Raises:
        SettingsInvalid, OutOfMemory: as with a checkpoint that was read from a disk.
    """
    dtype = getattr(torch, config.dtype)
    device = chosen_device(config.device)
    weights = weight_bytes(architecture, dtype)

    def read(devices: Mapping[str, str], _: TextReady) -> Components:
        built: dict[str, Any] = build_rest(architecture, distilled=distilled)
        for name in MODULES:
            built[name] = _built(
                architecture, name, dtype, device=device, home=devices.get(name, "cpu"), weights=weights
            )
        return Components(built)

    transformer = build_module(architecture, "transformer", device="meta", dtype=dtype).config
    return start_engine(
        config,
        CheckpointSource(
            name=f"random/{architecture.family}",
            revision="benchmark",
            facts=_facts(architecture, transformer, distilled=distilled),
            dimensions=dimensions(transformer, architecture.vae, config.dtype),
            weights=weights,
            read=read,
        ),
    )


def _built(
    architecture: Architecture,
    name: str,
    dtype: torch.dtype,
    *,
    device: str,
    home: str,
    weights: Mapping[str, int],
) -> Any:  # noqa: ANN401 - diffusers has no types
    """Drawn on the device, which is much faster than the host, where it has room for a moment; then brought home."""
    free = room(device)
    fits = free is not None and weights[name] * _ROOM_FOR_BUILDING < free
    module = build_module(architecture, name, device=device if fits else home, dtype=dtype)
    return module.to(home)


def _facts(architecture: Architecture, transformer: Mapping[str, Any], *, distilled: bool) -> CheckpointFacts:
    return CheckpointFacts(
        family=architecture.family,
        recognised=architecture.family,
        is_distilled=distilled,
        transformer_layers=int(transformer["num_layers"]),
        has_perturbed_attention=bool(transformer["perturbed_attn"]),
        has_upsampler=True,
        has_temporal_upsampler=False,
        distilled_lora=None,
        has_duration_head=False,
        can_enhance=False,
        audio_rate=architecture.audio_rate,
    )
