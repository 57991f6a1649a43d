"""What a clip measures: sides, frames, rate. Each value checks itself and says what would be right."""

from decimal import Decimal
from fractions import Fraction
from typing import Final, Self

import attrs

from domain.errors import InvalidValue

MIN_SIDE: Final = 64
"""Smallest side that LTX-2's VAE decodes: at 32 its reflect padding is wider than the latent."""
MAX_SIDE: Final = 4096
MIN_FPS: Final = 1
MAX_FPS: Final = 120

_NTSC_TOLERANCE: Final = Fraction(5, 1000)
_MAX_RATE_DENOMINATOR: Final = 1_000_000
"""Six decimals exact. Keeps 1/rate inside the 32-bit numbers of an MP4's time base; a rate with more
decimals is off by less than 1e-12, a thousandth of a nanosecond a frame."""


@attrs.frozen
class Side:
    """Width or height in pixels: even (4:2:0 chroma halves it), 64 … 4096."""

    pixels: int

    def __attrs_post_init__(self) -> None:
        if not MIN_SIDE <= self.pixels <= MAX_SIDE:
            message = f"must be from {MIN_SIDE} to {MAX_SIDE}, got {self.pixels}"
            raise InvalidValue(message)
        if self.pixels % 2:
            message = f"must be even, got {self.pixels} (nearest: {self.pixels - 1} or {self.pixels + 1})"
            raise InvalidValue(message)


@attrs.frozen
class Resolution:
    """Width and height of a picture, in pixels. No rule of its own: a grid point is one too."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@attrs.frozen
class FrameCount:
    """Number of frames of a clip, at least 1."""

    frames: int

    def __attrs_post_init__(self) -> None:
        if self.frames < 1:
            message = f"must be at least 1, got {self.frames}"
            raise InvalidValue(message)


@attrs.frozen
class FrameRate:
    """Frames per second as an exact fraction; 24000/1001 for 23.976."""

    rate: Fraction

    @classmethod
    def from_number(cls, fps: float) -> Self:
        """The rate that `fps` means.

        A whole number is itself. A number within 0.005 of n·1000/1001 means that (NTSC: 23.976, 29.97,
        59.94). Anything else is taken as the exact decimal, to six places.

        Raises:
            InvalidValue: `fps` is outside 1 … 120, or not a finite number.
        """
        if not MIN_FPS <= fps <= MAX_FPS:  # also false for NaN
            message = f"must be from {MIN_FPS} to {MAX_FPS}, got {fps}"
            raise InvalidValue(message)
        exact = Fraction(Decimal(repr(fps))).limit_denominator(_MAX_RATE_DENOMINATOR)
        ntsc = Fraction(round(exact * 1001 / 1000) * 1000, 1001)
        if exact.denominator != 1 and abs(exact - ntsc) <= _NTSC_TOLERANCE:
            return cls(ntsc)
        return cls(exact)

    @property
    def number(self) -> float | int:
        """The rate as people write it: 24, 12.5, 23.976."""
        if self.rate.denominator == 1:
            return self.rate.numerator
        places = 3 if self.rate.denominator == 1001 else 6  # noqa: PLR2004 - the NTSC denominator
        return round(float(self.rate), places)

    def __str__(self) -> str:
        return f"{self.rate.numerator}/{self.rate.denominator}"


@attrs.frozen
class ClipGeometry:
    """Size, length and rate of a clip: what was asked for, or the grid point that is generated for it."""

    resolution: Resolution
    frames: int
    frame_rate: FrameRate

    @property
    def duration(self) -> Fraction:
        """Length of the picture in seconds, exact."""
        return self.frames / self.frame_rate.rate

    def samples(self, sampling_rate: int) -> int:
        """Audio samples per channel that last as long as the picture, rounded to the nearest."""
        return round(self.duration * sampling_rate)
