"""Whether the codecs of a file of picture and sound are there, and take their settings."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import attrs
import av

from adapters.encoder.frames import YUV
from domain.geometry import MIN_SIDE


@attrs.frozen(kw_only=True)
class CodecPair:
    """FFmpeg's names of two codecs, and what a clip of the smallest size gives them."""

    picture: Literal["libx264", "libvpx-vp9"]
    options: Mapping[str, str]
    sound: Literal["aac", "libopus"]
    sample_format: str
    bit_rate: int
    sound_options: Mapping[str, str] = attrs.field(factory=dict)

    def open(self) -> None:
        """Open both as a clip would, which also tells a setting that does not exist. Raises av's errors."""
        picture = av.CodecContext.create(self.picture, "w")
        picture.width = picture.height = MIN_SIDE
        picture.pix_fmt = YUV
        picture.time_base = Fraction(1, 24)
        picture.options = dict(self.options)
        picture.open()
        sound = av.CodecContext.create(self.sound, "w")
        sound.sample_rate = 48_000
        sound.layout = "stereo"
        sound.format = self.sample_format
        sound.bit_rate = self.bit_rate
        sound.options = dict(self.sound_options)
        sound.open()
