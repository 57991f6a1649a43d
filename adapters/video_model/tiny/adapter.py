"""A LoRA file for a tiny dev checkpoint, in the place and the format of Lightricks' distilled one."""

from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

LORA_FILE: Final = "ltx-2-tiny-distilled-lora-4.safetensors"
"""At the snapshot's root, as `ltx-2-19b-distilled-lora-384.safetensors` is at Lightricks/LTX-2's."""

_RANK: Final = 4
_SEED: Final = 3
_STRENGTH: Final = 0.25
"""Deviation of B's values. With A's 1/sqrt(inputs), the product deviates about as much as the weights themselves."""


def save_lora(transformer: Any, file: Path) -> None:  # noqa: ANN401 - diffusers has no types
    """Write random factors for every Linear layer in the blocks of `transformer`: attention and feed-forward.

    Keys are the original repository's, `diffusion_model.<module>.lora_A.weight` (rank, inputs) and `lora_B.weight`
    (outputs, rank), in float32, without an alpha: a scale of 1 adds exactly B A.
    """
    generator = torch.Generator().manual_seed(_SEED)
    factors = {}
    for name, layer in transformer.named_modules():
        if isinstance(layer, torch.nn.Linear) and name.startswith("transformer_blocks."):
            down = torch.randn(_RANK, layer.in_features, generator=generator)
            up = torch.randn(layer.out_features, _RANK, generator=generator)
            factors[f"diffusion_model.{name}.lora_A.weight"] = down / layer.in_features**0.5
            factors[f"diffusion_model.{name}.lora_B.weight"] = up * _STRENGTH
    save_file(factors, file)
