"""What input videos and sound are limited to."""

from fractions import Fraction
from typing import Final

import attrs

MAX_PIXEL_ASPECT: Final = Fraction(4)
"""Width of a pixel over its height, or height over width. Anamorphic film has 2."""


@attrs.frozen(kw_only=True)
class MediaLimits:
    """Largest file that is taken. The defaults are a minute of 4K at 120 frames per second, thrice what a clip can be.

    `seconds` bounds the playing time, `max_pixels` one frame. `max_packets` bounds the pieces of a sound stream: a
    minute of the shortest Opus frames has 24,000. `reading_seconds` bounds the reading of one file,
    `decoding_seconds` the decoding of one piece of it, from the key frame before it on.
    """

    max_bytes: int = 200 * 1024 * 1024
    seconds: int = 60
    max_frames: int = 7_200
    max_packets: int = 60_000
    max_side: int = 4_096
    max_pixels: int = 4_096 * 2_304
    max_rate: int = 240
    max_streams: int = 16
    max_channels: int = 8
    min_sampling_rate: int = 8_000
    max_sampling_rate: int = 192_000
    reading_seconds: float = 15.0
    decoding_seconds: float = 60.0

    @property
    def max_samples(self) -> int:
        """Of one channel."""
        return self.seconds * self.max_sampling_rate
