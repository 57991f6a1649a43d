"""What a checkpoint's components weigh."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from adapters.video_model.config import DataType
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.streaming.coverage import expects
from domain.activations import ModelDimensions


def loaded_bytes(components: Components) -> dict[str, int]:
    """Bytes of the parameters and buffers of each component."""
    return {
        name: sum(tensor.nbytes for tensor in (*part.parameters(), *part.buffers()))
        for name, part in components.modules.items()
    }


def expected_bytes(snapshot: Path, dtype: DataType) -> dict[str, int]:
    """Bytes that the weights of each component folder will take in `dtype`, whatever they are stored in.

    Folders that are not loaded (`transformer_full`) are counted too: the caller picks.
    """
    sizes: dict[str, int] = {}
    for file in snapshot.glob("*/*.safetensors"):
        sizes[file.parent.name] = sizes.get(file.parent.name, 0) + _values_in(file) * value_bytes(dtype)
    return sizes


def dimensions(
    transformer_config: Mapping[str, Any], vae_config: Mapping[str, Any], dtype: DataType
) -> ModelDimensions:
    """The measures that memory depends on, by the `config.json` of the transformer and of the video VAE."""
    config = transformer_config
    return ModelDimensions(
        video_width=int(config["num_attention_heads"]) * int(config["attention_head_dim"]),
        audio_width=int(config["audio_num_attention_heads"]) * int(config["audio_attention_head_dim"]),
        layers=int(config["num_layers"]),
        value_bytes=value_bytes(dtype),
        streams=expects(vae_config, dtype),
    )


def value_bytes(dtype: DataType) -> int:
    """Bytes of one number."""
    return int(getattr(torch, dtype).itemsize)


def _values_in(file: Path) -> int:
    """How many numbers a safetensors file holds, by its header (github.com/huggingface/safetensors, "Format")."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
