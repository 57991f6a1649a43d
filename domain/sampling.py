"""How a clip is sampled: seed, steps, guidance scale."""

from typing import Final

import attrs

from domain.errors import InvalidValue

MAX_SEED: Final = 2**53 - 1
"""The largest integer that JavaScript's numbers hold exactly, so that a client can send the seed back."""
MAX_STEPS: Final = 200
MAX_GUIDANCE: Final = 30
MIN_MOTION_SPEED: Final = 0.1
MAX_MOTION_SPEED: Final = 2


@attrs.frozen
class Seed:
    """Seed of the noise, 0 … 2^53 - 1."""

    number: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.number <= MAX_SEED:
            message = f"must be from 0 to {MAX_SEED} (2^53 - 1), got {self.number}"
            raise InvalidValue(message)


@attrs.frozen
class Steps:
    """Number of denoising steps, 1 … 200. A schedule may have a floor above 1: see `plan`."""

    count: int

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.count <= MAX_STEPS:
            message = f"must be from 1 to {MAX_STEPS}, got {self.count}"
            raise InvalidValue(message)


@attrs.frozen
class GuidanceScale:
    """Classifier-free guidance scale of the picture, 0 … 30; 1 switches it off."""

    scale: float

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.scale <= MAX_GUIDANCE:  # also false for NaN
            message = f"must be from 0 to {MAX_GUIDANCE}, got {self.scale}"
            raise InvalidValue(message)


@attrs.frozen
class MotionSpeed:
    """How fast things move, 0.1 … 2; below 1 is slow motion. The clip's length and rate stay.

    The model is told a rate of fps / speed, and so another length of time between two frames. Lightricks' LoRA for
    slow motion is made for 0.2; the bounds are ours, twice as far from what the models saw in either direction.
    """

    factor: float

    def __attrs_post_init__(self) -> None:
        if not MIN_MOTION_SPEED <= self.factor <= MAX_MOTION_SPEED:  # also false for NaN
            message = f"must be from {MIN_MOTION_SPEED} to {MAX_MOTION_SPEED}, got {self.factor}"
            raise InvalidValue(message)


NORMAL_SPEED: Final = MotionSpeed(1.0)
