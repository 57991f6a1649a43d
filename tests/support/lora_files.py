"""LoRA files for tests: random, of rank 4 unless told, for a real module's layers or made up."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

Tensors = dict[str, torch.Tensor]
Sizes = Mapping[str, tuple[int, int]]

ATTENTION = ("attn1.to_q", "attn2.to_v", "ff.net.2")


def pair(name: str, inputs: int, outputs: int, *, seed: int = 0, rank: int = 4) -> Tensors:
    """Both halves of one layer, in diffusers' names."""
    generator = torch.Generator().manual_seed(seed)
    return {
        f"{name}.lora_A.weight": torch.randn(rank, inputs, generator=generator),
        f"{name}.lora_B.weight": torch.randn(outputs, rank, generator=generator) * 0.1,
    }


def linear_sizes(model: torch.nn.Module) -> Sizes:
    """Inputs and outputs of each linear layer. Ask before an adapter is in it: peft wraps the layers."""
    return {
        name: (module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }


def tensors_for(
    sizes: Sizes, prefix: str, endings: Sequence[str] = ATTENTION, *, seed: int = 0, rank: int = 4
) -> Tensors:
    """A pair for each layer whose name ends in one of `endings`; names begin with `prefix` and a dot."""
    found: Tensors = {}
    for number, (name, (inputs, outputs)) in enumerate(sizes.items()):
        if name.endswith(tuple(endings)):
            found |= pair(f"{prefix}.{name}", inputs, outputs, seed=seed * 10_000 + number, rank=rank)
    return found


def written(path: Path, tensors: Tensors, metadata: Mapping[str, str] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata=dict(metadata) if metadata else None)
    return path
