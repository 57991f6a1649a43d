"""Sound of a clip: what the model hears, and what the caller wants in the file."""

from typing import Final, Literal, get_args

HEARD_RATE: Final = 16_000
"""Samples per second of the sound that a model is given: the rate of the mel spectrograms of every LTX-2 family."""

AudioChoice = Literal["generate", "off", "source"]
"""generate: as the model makes it; where a sound was given to make the picture to, that one. off: none.
source: that of the given clip."""
AUDIO_CHOICES: Final[tuple[AudioChoice, ...]] = get_args(AudioChoice)

Soundtrack = Literal["made", "given", "spliced", "none"]
"""Of the finished clip: the model's; the source's; the source's with the model's where the clip was made anew; none."""

_AAC_RATES: Final = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
"""ISO/IEC 14496-3, samplingFrequencyIndex, without 7350, which FFmpeg's encoder leaves out of its range of use."""
_RATE_OF_OTHERS: Final = 48_000


def file_rate(rate: int) -> int:
    """The sampling rate of a file with sound that was given at `rate`: the same one, where AAC knows it."""
    return rate if rate in _AAC_RATES else _RATE_OF_OTHERS
