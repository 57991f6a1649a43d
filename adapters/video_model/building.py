"""Builds the model whose libraries take seconds to import. Imports none of them before it is called."""

from functools import partial

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.weight_reading import WeightReading
from adapters.video_model.uncollected import uncollected
from application.ports.video_model import VideoModel


def build_diffusers_model(config: ModelConfig, reading: WeightReading) -> VideoModel:
    """LTX-2 for real, the built-in tiny checkpoints included. It loads what `reading` may have begun to read."""
    with uncollected("torch"):
        from adapters.video_model.diffusers.engine import load_engine  # noqa: PLC0415 - torch
        from adapters.video_model.diffusers.video_model import DiffusersModel  # noqa: PLC0415 - torch

    return DiffusersModel(config, partial(load_engine, reading=reading))
