"""Sound of a clip: what the model hears, and what the caller wants in the file."""

from typing import Final, Literal, get_args

HEARD_RATE: Final = 16_000
"""Samples per second of the sound that a model is given: the rate of the mel spectrograms of every LTX-2 family."""

AudioChoice = Literal["generate", "off", "source"]
"""generate: as the model makes it; where a sound was given to make the picture to, that one. off: none.
source: that of the given clip."""
AUDIO_CHOICES: Final[tuple[AudioChoice, ...]] = get_args(AudioChoice)
