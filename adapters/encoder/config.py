"""What the encoder is configured with."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"
]
"""x264's, from the fastest on."""
Encoding = Literal["balanced", "fast"]

LEAST_CRF: Final = 1
"""x264's 0 is lossless, in a profile (High 4:4:4 Predictive) that browsers and phones do not play."""
MOST_CRF: Final = 51


@attrs.frozen
class Pair:
    """x264's speed and quality."""

    preset: Preset
    crf: int


ENCODINGS: Final[Mapping[Encoding, Pair]] = {"balanced": Pair("veryfast", 19), "fast": Pair("superfast", 22)}
"""For each preset the highest CRF with an SSIM not below that of `diffusers.utils.encode_video` on any of three kinds
of content (`python -m benchmarks.rate_distortion`, docs/formats.md). The makers' own encoder uses veryfast 19, too."""


@attrs.frozen(kw_only=True)
class EncoderConfig:
    """x264's speed and quality, VP9's quality, and the bit rate of the sound.

    192 kbit/s is transparent for stereo AAC, and for Opus all the more. VP9 counts otherwise: its CRF 24 has the PSNR
    of x264's 18 (docs/formats.md).
    """

    preset: Preset = ENCODINGS["balanced"].preset
    crf: int = ENCODINGS["balanced"].crf
    vp9_crf: int = 24
    audio_bit_rate: int = 192_000
