"""An adapter's numbers, read from its file."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import torch

from adapters.video_model.diffusers.lora.faults import failure
from adapters.video_model.diffusers.lora.layers import Component, Layer, layers_of, opened
from domain.errors import InputUnreadable

_CONFIGURATION: Final = "lora_adapter_metadata"
"""Where diffusers' `save_lora_weights` puts peft's configuration: JSON in the file's own metadata."""


@attrs.frozen(eq=False)
class LowRank:
    """The change of one linear layer: `up @ down * alpha / rank`, as the file has them, on the host.

    `down`: rank x inputs. `up`: outputs x rank.
    """

    down: torch.Tensor
    up: torch.Tensor
    alpha: float

    @property
    def rank(self) -> int:
        return self.down.shape[0]


Weights = Mapping[Component, Mapping[str, LowRank]]
"""By component and module."""


def read_weights(path: Path, label: str) -> Weights:
    """All layers of the adapter at `path`.

    The strength (alpha) of a layer is a tensor of its own, or stands in the metadata that diffusers writes, or is
    the rank. Of peft's configuration in that metadata nothing else is taken: some of its initialisations change
    the base weights.

    Raises:
        InputUnreadable: what `layers_of` says, or tensors that make no low-rank layer. `label` begins the message.
    """
    from safetensors import SafetensorError  # noqa: PLC0415 - with torch, a second

    found: dict[Component, dict[str, LowRank]] = {}
    layers = layers_of(path, label)
    try:
        with opened(path, label) as file:
            alphas = _Alphas(_configuration(file.metadata() or {}, label))
            for layer in layers:
                found.setdefault(layer.component, {})[layer.module] = _low_rank(file, layer, alphas, label)
    except SafetensorError as exc:
        raise failure(InputUnreadable, label, "is damaged") from exc
    return found


def _low_rank(file: Any, layer: Layer, alphas: "_Alphas", label: str) -> LowRank:  # noqa: ANN401 - safetensors' handle has no usable types
    down, up = file.get_tensor(layer.keys["down"]), file.get_tensor(layer.keys["up"])
    if (
        not (down.ndim == up.ndim == 2 and down.shape[0] == up.shape[1] > 0)  # noqa: PLR2004 - matrices
        or not (down.is_floating_point() and up.is_floating_point())
    ):
        shapes = f"{tuple(down.shape)} and {tuple(up.shape)}"
        raise failure(InputUnreadable, label, f"holds no low-rank pair for {layer.module}: {shapes}")
    rank = down.shape[0]
    if "alpha" in layer.keys:
        tensor = file.get_tensor(layer.keys["alpha"])
        alpha = float(tensor) if tensor.numel() == 1 else math.nan
    else:
        alpha = alphas.of(layer, rank)
    if not math.isfinite(alpha):
        raise failure(InputUnreadable, label, f"has no usable alpha for {layer.module}")
    return LowRank(down, up, alpha)


@attrs.frozen
class _Alphas:
    """The strengths that peft's configuration gives; its fields begin with their component's name."""

    configuration: Mapping[str, Any]

    def of(self, layer: Layer, rank: int) -> float:
        """As peft works it out; NaN if the configuration holds something else than numbers."""
        if f"{layer.component}.lora_alpha" not in self.configuration:
            return float(rank)
        alpha = self.configuration[f"{layer.component}.lora_alpha"]
        patterns = self.configuration.get(f"{layer.component}.alpha_pattern") or {}
        for pattern, own in patterns.items() if isinstance(patterns, dict) else ():
            name = pattern.removeprefix("^")
            if layer.module == name or layer.module.endswith(f".{name}"):
                alpha = own
                break
        if isinstance(alpha, bool) or not isinstance(alpha, int | float):
            return math.nan
        stabilised = self.configuration.get(f"{layer.component}.use_rslora") is True  # alpha / sqrt(rank)
        return float(alpha) * (math.sqrt(rank) if stabilised else 1.0)


def _configuration(metadata: Mapping[str, str], label: str) -> Mapping[str, Any]:
    try:
        configuration = json.loads(metadata.get(_CONFIGURATION, "{}"))
    except (ValueError, RecursionError) as exc:
        raise failure(InputUnreadable, label, "has damaged metadata") from exc
    if not isinstance(configuration, dict):
        raise failure(InputUnreadable, label, "has damaged metadata")
    if any(name.endswith(".use_dora") and value is True for name, value in configuration.items()):
        raise failure(InputUnreadable, label, "is a DoRA, only plain LoRA is taken")
    return configuration
