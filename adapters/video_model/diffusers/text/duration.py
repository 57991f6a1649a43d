"""How long the clip of a text should be, by the checkpoint's duration head (LTX-2.5)."""

from typing import Final

import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.text.encoding import PromptEncoder
from adapters.video_model.diffusers.text.residency import Residency
from domain.grid import Grid

_MIN_SECONDS: Final = 1.0
_MAX_SECONDS: Final = 20.0
"""The bounds within which diffusers' pipelines take a prediction."""
_ROUNDING: Final = 1e-6
"""Frames; a bound that was computed as frames / rate may come back a trifle short."""


def predict_frames(
    components: Components,
    residency: Residency,
    encoder: PromptEncoder,
    text: str,
    *,
    device: str,
    frame_rate: float,
    max_seconds: float,
) -> int:
    """Frames (8k+1) for a clip of `text`: from 1 s on, and never longer than 20 s or `max_seconds`."""
    grid = Grid()
    shortest = grid.frames_up(max(1, round(_MIN_SECONDS * frame_rate)))
    longest = _frames_down(grid, int(min(_MAX_SECONDS, max_seconds) * frame_rate + _ROUNDING))
    if longest <= shortest:
        return longest
    encoded = encoder.encode(text)
    with residency.using("duration_head"), torch.no_grad():
        frames: int = components.by_name["duration_head"].predict_num_frames(
            encoded.video.to(device),
            encoded.audio.to(device),
            frame_rate=frame_rate,
            temporal_compression_ratio=grid.temporal,
            min_seconds=shortest / frame_rate,
            max_seconds=longest / frame_rate,
        )
    return frames


def _frames_down(grid: Grid, frames: int) -> int:
    """The largest 8k+1 that is not above `frames`, 1 at least."""
    return max(0, frames - 1) // grid.temporal * grid.temporal + 1
