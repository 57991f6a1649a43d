"""Length and size as people give them, in seconds and by name, and the frames and pixels that they mean."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Final, Literal, get_args

import attrs

from domain.errors import InvalidValue
from domain.geometry import FrameCount, FrameRate, Resolution, Side

ResolutionName = Literal["480p", "540p", "720p", "1080p"]
"""The sizes of LTX-Desktop (540p, 720p, 1080p) and of Lightricks' API (from 720p), and one below; all of them are
within the default MAX_PIXELS at 16:9."""
RESOLUTIONS: Final[tuple[ResolutionName, ...]] = get_args(ResolutionName)
_SHORTER_SIDES: Final[Mapping[ResolutionName, int]] = {name: int(name.removesuffix("p")) for name in RESOLUTIONS}

AspectRatio = Literal["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]
"""Width to height."""
ASPECT_RATIOS: Final[tuple[AspectRatio, ...]] = get_args(AspectRatio)
DEFAULT_ASPECT_RATIO: Final[AspectRatio] = "16:9"
"""Of a resolution that comes without one."""

DEFAULT_SIDE: Final = Side(512)
"""Width and height of a request that gives no size."""
MAX_LENGTH: Final = 3600
"""Seconds that a request may ask for; what a worker makes is far less (MAX_SECONDS)."""

REPLACED: Final[Mapping[str, tuple[str, ...]]] = {
    "seconds": ("num_frames",),
    "resolution": ("height", "width"),
    "aspect_ratio": ("height", "width"),
}
"""The fields that each of `Measures` stands for: they are not given together."""


@attrs.frozen
class Seconds:
    """Length of a clip in seconds, above 0 and at most 3600."""

    number: float

    def __attrs_post_init__(self) -> None:
        if not 0 < self.number <= MAX_LENGTH:  # also false for NaN
            message = f"must be above 0 and at most {MAX_LENGTH}, got {self.number}"
            raise InvalidValue(message)

    def frames_at(self, frame_rate: FrameRate) -> FrameCount:
        """The nearest whole number of frames, half a frame counts as one; at least one frame."""
        exact = Fraction(Decimal(repr(self.number))) * frame_rate.rate
        return FrameCount(max(1, int(exact + Fraction(1, 2))))


@attrs.frozen(kw_only=True)
class Measures:
    """Length and size as the caller gave them, where not in frames and pixels. None: not given so."""

    seconds: Seconds | None = None
    resolution: ResolutionName | None = None
    aspect_ratio: AspectRatio | None = None

    def frames_at(self, frame_rate: FrameRate) -> FrameCount | None:
        """The frames that `seconds` are; None without them."""
        return None if self.seconds is None else self.seconds.frames_at(frame_rate)

    @property
    def size(self) -> Resolution | None:
        """The size that `resolution` and `aspect_ratio` mean; None without both.

        A resolution is the shorter side, at 16:9 unless the aspect ratio says otherwise. An aspect ratio alone keeps
        the area of the default, 512x512. Sides are the nearest even ones.
        """
        if self.resolution is not None:
            return sized(self.resolution, self.aspect_ratio or DEFAULT_ASPECT_RATIO)
        if self.aspect_ratio is None:
            return None
        area = DEFAULT_SIDE.pixels**2
        return _of_shape(_even(Fraction(isqrt(int(area / _elongation(self.aspect_ratio))))), self.aspect_ratio)

    def largest_within(self, pixels: int) -> ResolutionName | None:
        """Where a resolution was given, the largest with at most so many pixels at the same aspect ratio, if any."""
        if self.resolution is None:
            return None
        shape = self.aspect_ratio or DEFAULT_ASPECT_RATIO
        return next((name for name in reversed(RESOLUTIONS) if sized(name, shape).pixels <= pixels), None)

    @property
    def length_field(self) -> str:
        """The field by which the request says how long the clip is."""
        return "num_frames" if self.seconds is None else "seconds"

    @property
    def size_fields(self) -> tuple[str, ...]:
        """The fields by which the request says how large the clip is, the one that errors are about first."""
        given = {"resolution": self.resolution, "aspect_ratio": self.aspect_ratio}
        return tuple(name for name, value in given.items() if value is not None) or ("width", "height")


def sized(resolution: ResolutionName, aspect_ratio: AspectRatio) -> Resolution:
    """Width and height of a named size: its shorter side to the pixel, the longer one the nearest even number."""
    return _of_shape(_SHORTER_SIDES[resolution], aspect_ratio)


def _of_shape(shorter: int, aspect_ratio: AspectRatio) -> Resolution:
    longer = _even(shorter * _elongation(aspect_ratio))
    width, height = _parts(aspect_ratio)
    return Resolution(longer, shorter) if width >= height else Resolution(shorter, longer)


def _elongation(aspect_ratio: AspectRatio) -> Fraction:
    """The longer side over the shorter one."""
    parts = _parts(aspect_ratio)
    return Fraction(max(parts), min(parts))


def _parts(aspect_ratio: AspectRatio) -> tuple[int, int]:
    width, _, height = aspect_ratio.partition(":")
    return int(width), int(height)


def _even(side: Fraction) -> int:
    """The nearest even number."""
    return 2 * int(side / 2 + Fraction(1, 2))
