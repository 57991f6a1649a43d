"""Pictures that hold a clip at a frame: at which one, how strongly, how much compressed before."""

from typing import Final

import attrs

from domain.errors import InvalidValue

MAX_KEYFRAMES: Final = 8
"""Keyframes of a clip. Each one beyond the first frame adds the tokens of a whole latent frame to every forward pass,
and its picture, of up to 40 megapixels, is held decoded until the clip's generation begins."""

MAX_CRF: Final = 51
"""The largest constant rate factor of H.264 with eight bits."""


@attrs.frozen
class Strength:
    """How strongly a picture holds its frame: 1 keeps it, 0 leaves it out, between them it is noised in part."""

    share: float

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.share <= 1:  # also false for NaN
            message = f"must be from 0 to 1, got {self.share}"
            raise InvalidValue(message)


FULL_STRENGTH: Final = Strength(1.0)


@attrs.frozen
class Crf:
    """H.264's constant rate factor at which a picture is compressed before the model sees it; 0: not at all."""

    factor: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.factor <= MAX_CRF:
            message = f"must be from 0 to {MAX_CRF}, got {self.factor}"
            raise InvalidValue(message)


@attrs.frozen
class FramePosition:
    """A frame of the clip that the caller gets: 0 is the first, -1 the last. Any integer: see `within`."""

    number: int

    def within(self, frames: int) -> int:
        """The frame, from 0, in a clip of so many.

        Raises:
            InvalidValue: the clip has no such frame.
        """
        if not -frames <= self.number < frames:
            message = f"must be from {-frames} to {frames - 1} in a clip of {frames} frames, got {self.number}"
            raise InvalidValue(message)
        return self.number % frames


FIRST_FRAME: Final = FramePosition(0)


@attrs.frozen(kw_only=True)
class Condition:
    """What a plan says of one picture. `frame` counts, from 0, the canvas' frames, with which the output begins."""

    frame: int
    strength: float
    """0 … 1."""
    crf: int
    """0 … 51."""
