"""The tiny checkpoints as tests use them."""

from pathlib import Path

from adapters.video_model.config import DataType, ModelConfig
from adapters.video_model.diffusers.video_model import DiffusersModel


def tiny_config(hub_cache: Path, name: str = "builtin/tiny", dtype: DataType = "float32") -> ModelConfig:
    """float32 is faster than bfloat16 on most CPUs."""
    return ModelConfig(name=name, hub_cache=hub_cache, device="cpu", dtype=dtype)


def tiny_model(hub_cache: Path, name: str = "builtin/tiny", dtype: DataType = "float32") -> DiffusersModel:
    return DiffusersModel(tiny_config(hub_cache, name, dtype))
