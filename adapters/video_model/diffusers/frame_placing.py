"""The pipeline that holds pictures at frames of a clip, each at exactly the frame that is asked for."""

from collections.abc import Sequence
from typing import Any

import attrs
import torch
from diffusers import LTX2ConditionPipeline
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition
from PIL import Image
from typing_extensions import override

from adapters.video_model.diffusers.ancestral import AncestralScheduler
from domain.conditions import Condition


@attrs.frozen(eq=False)
class PlacedPicture:
    """A picture in the stage's size, and what the plan says of it."""

    picture: Image.Image
    condition: Condition


class FramePlacingPipeline(LTX2ConditionPipeline):  # type: ignore[misc]  # diffusers has no types
    """LTX2ConditionPipeline whose conditions name output frames instead of latents.

    diffusers 0.42.1 takes a latent's index, from which only frames 0, 1, 9, 17 … can be reached, and -1 is seven
    frames before the end. The picture's position is not tied to that grid: its tokens are appended with coordinates
    of their own, computed from `pixel_frame_idx`, which is replaced here. Only the first frame overwrites tokens of
    the clip itself. To be dropped when a condition can name a frame (https://github.com/huggingface/diffusers).

    It steps pinned tokens like all others, so an ancestral scheduler is told which ones it must not noise anew.
    """

    _frames: list[int]

    @override
    def prepare_latents(self, conditions: Sequence[PlacedPicture] | None = None, **arguments: Any) -> Any:
        """As inherited, with conditions that name output frames.

        Raises:
            RuntimeError: diffusers did not ask for the coordinates of each picture, so that some are somewhere else.
        """
        conditions = conditions or ()
        self._frames = [placed.condition.frame for placed in conditions if placed.condition.frame > 0]
        prepared = super().prepare_latents(conditions=[_by_latent(placed) for placed in conditions], **arguments)
        if self._frames:
            message = "diffusers placed fewer pictures than it was given: it no longer does it where it did in 0.42.1"
            raise RuntimeError(message)
        if isinstance(self.scheduler, AncestralScheduler):
            _, mask, *_ = prepared
            self.scheduler.hold(mask)
        return prepared

    @override
    def _prepare_keyframe_coords(self, *, pixel_frame_idx: int, **arguments: Any) -> torch.Tensor:
        """Called once for each condition behind the first frame, in their order."""
        coordinates: torch.Tensor = super()._prepare_keyframe_coords(pixel_frame_idx=self._frames.pop(0), **arguments)
        return coordinates


def _by_latent(placed: PlacedPicture) -> LTX2VideoCondition:
    """A condition for the first frame, or for the latent behind it: for whichever frame, it is placed afterwards."""
    condition = placed.condition
    return LTX2VideoCondition(
        frames=placed.picture, index=min(1, condition.frame), strength=condition.strength, crf=condition.crf
    )
