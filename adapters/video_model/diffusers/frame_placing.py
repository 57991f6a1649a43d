"""The pipelines that hold pictures and clips at frames of a clip, each at exactly the frame that is asked for."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline, LTX2ConditionPipeline, LTX2InContextPipeline
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition
from typing_extensions import override

from adapters.video_model.diffusers.ancestral import AncestralScheduler
from adapters.video_model.diffusers.frozen import FrozenScheduler


@attrs.frozen(kw_only=True, eq=False)
class PlacedFrames:
    """What holds the canvas' frames from `frame` on: `pixels` (F, H, W, 3) in the stage's size, F = 8m+1.

    `strength` is 0 … 1; `crf`, 0 … 51, compresses a single frame before the model sees it, and only a single one.
    """

    pixels: npt.NDArray[np.uint8] = attrs.field(repr=False)
    frame: int
    strength: float
    crf: int = 0


class _FramePlacing(DiffusionPipeline):  # type: ignore[misc]  # diffusers has no types
    """What both pipelines do otherwise than in diffusers.

    Conditions name output frames instead of latents. diffusers 0.42.1 takes a latent's index, from which only frames
    0, 1, 9, 17 … can be reached, and -1 is seven frames before the end. The position of what is held is not tied to
    that grid: its tokens are appended with coordinates of their own, computed from `pixel_frame_idx`, which is replaced
    here. Only what begins with the first frame overwrites tokens of the clip itself. To be dropped when a condition can
    name a frame (https://github.com/huggingface/diffusers).

    Pinned tokens are stepped like all others, so an ancestral scheduler is told which ones it must not noise anew.

    Beside a FrozenScheduler as `audio_scheduler`, the given `audio_latents` are taken as they are.
    """

    _frames: list[int]
    _lengths: list[int]

    @override
    def prepare_latents(self, conditions: Sequence[PlacedFrames] | None = None, **arguments: Any) -> Any:
        """As inherited, with conditions that name output frames.

        Raises:
            RuntimeError: diffusers cut what it was given, or did not ask for the coordinates of each piece, so that
                some are somewhere else.
        """
        conditions = conditions or ()
        self._frames = [placed.frame for placed in conditions if placed.frame > 0]
        self._lengths = [len(placed.pixels) for placed in conditions]
        prepared = super().prepare_latents(conditions=[_by_latent(placed) for placed in conditions], **arguments)
        if self._frames:
            message = "diffusers placed fewer pieces than it was given: it no longer does it where it did in 0.42.1"
            raise RuntimeError(message)
        if isinstance(self.scheduler, AncestralScheduler):
            _, mask, *_ = prepared
            self.scheduler.hold(mask)
        return prepared

    @override
    def preprocess_conditions(self, *arguments: Any, **named: Any) -> Any:
        preprocessed = super().preprocess_conditions(*arguments, **named)
        *_, lengths = preprocessed
        if lengths != self._lengths:
            message = f"diffusers kept {lengths} frames of {self._lengths} that are to be held"
            raise RuntimeError(message)
        return preprocessed

    @override
    def _prepare_keyframe_coords(self, *, pixel_frame_idx: int, **arguments: Any) -> torch.Tensor:
        """Called once for each condition behind the first frame, in their order."""
        coordinates: torch.Tensor = super()._prepare_keyframe_coords(pixel_frame_idx=self._frames.pop(0), **arguments)
        return coordinates

    @override
    def prepare_audio_latents(self, *counts: Any, noise_scale: float, **arguments: Any) -> torch.Tensor:
        """As inherited; a frozen sound without noise, of which a picture's stage would otherwise add as to its own."""
        is_frozen = isinstance(self.audio_scheduler, FrozenScheduler)
        prepared: torch.Tensor = super().prepare_audio_latents(
            *counts, noise_scale=0.0 if is_frozen else noise_scale, **arguments
        )
        return prepared

    @override
    def convert_x0_to_velocity(
        self, sample: torch.Tensor, denoised_output: torch.Tensor, step_idx: int, scheduler: Any = None
    ) -> torch.Tensor:
        """As inherited; of a frozen sound, whose sigma is 0 and divides, nothing but zeros."""
        if isinstance(scheduler, FrozenScheduler):
            return torch.zeros_like(sample)
        velocity: torch.Tensor = super().convert_x0_to_velocity(sample, denoised_output, step_idx, scheduler)
        return velocity


class FramePlacingPipeline(_FramePlacing, LTX2ConditionPipeline):  # type: ignore[misc]  # diffusers has no types
    """LTX2ConditionPipeline that takes `conditions` of PlacedFrames."""


class InContextPipeline(_FramePlacing, LTX2InContextPipeline):  # type: ignore[misc]  # diffusers has no types
    """LTX2InContextPipeline that takes `conditions` of PlacedFrames beside its references."""


def _by_latent(placed: PlacedFrames) -> LTX2VideoCondition:
    """A condition for the first frame, or for the latent behind it: for whichever frame, it is placed afterwards.

    Behind latent 1 diffusers has room for all frames but the first eight, so for every 8m+1 that the canvas can hold
    from a later frame on.
    """
    return LTX2VideoCondition(
        frames=placed.pixels, index=min(1, placed.frame), strength=placed.strength, crf=placed.crf
    )
