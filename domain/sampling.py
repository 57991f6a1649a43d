"""How a clip is sampled: seed, steps, guidance scale."""

from typing import Final

import attrs

from domain.errors import InvalidValue

MAX_SEED: Final = 2**53 - 1
"""The largest integer that JavaScript's numbers hold exactly, so that a client can send the seed back."""
MAX_STEPS: Final = 200
MAX_GUIDANCE: Final = 30


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
