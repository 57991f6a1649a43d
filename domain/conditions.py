"""What holds a clip: pictures at a frame, frames of another clip, a sound; where, and how strongly."""

from fractions import Fraction
from typing import Final, Literal

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


ClipRole = Literal["held", "reference"]
"""held: these frames are the clip's own at their place, as a picture holds its frame; they go with every stage.
reference: the first stage sees them beside the clip (in-context conditioning), which is to be like them in content."""


@attrs.frozen(kw_only=True)
class ClipCondition:
    """What a plan says of frames of the source that the model sees.

    They are `frames` of the source's from `first` on, counted on the output's rate, and stand at the canvas' frames
    from `frame` on. Held ones are 8m+1 frames; a reference begins at 0 and has all frames of the canvas.
    """

    role: ClipRole
    first: int
    frames: int
    frame: int = 0
    strength: float = 1.0
    """0 … 1."""


@attrs.frozen(kw_only=True)
class SoundCondition:
    """What a plan says of a given sound: the picture is made to it, and the model's sound is this one.

    From `start` seconds of the source on, for as long as the canvas lasts; silence where the source has none.
    """

    start: Fraction
