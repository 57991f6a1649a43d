"""WAV: the sound alone, stereo, 16-bit, at the clip's own rate, and exactly as long as its picture.

16 bits and not float: everything plays it, and its noise at -98 dB lies below what a vocoder makes.
"""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, cast

import numpy as np

from adapters.encoder.config import EncoderConfig
from adapters.encoder.formats import Examined, WrittenFormat
from adapters.encoder.sound import MOST_CHANNELS, channels_of, finite, stereo_blocks
from adapters.encoder.target_file import TargetFile
from domain.clip import Audio, Clip
from domain.errors import EncodeFailed
from domain.geometry import ClipGeometry
from domain.media import WAV

_SAMPLE_BYTES: Final = 2
_PEAK: Final = 32_767
_BLOCK: Final = 1 << 16
HEADER_BYTES: Final = 44


class WavWriter:
    """Counts nothing and shows nothing of the frames; the sound was complete before the first."""

    def __init__(self, audio: Audio, geometry: ClipGeometry, file: TargetFile) -> None:
        finite(channels_of(audio))
        self._audio = audio
        self._geometry = geometry
        self._file = file

    def add(self, frame: memoryview) -> None:
        """Nothing of a picture is kept."""

    def finish(self, _: Callable[[], None]) -> None:
        """Write the whole sound."""
        write_wav(self._audio, self._geometry.samples(self._audio.sampling_rate), cast("IO[bytes]", self._file))

    def abandon(self) -> None:
        """Nothing is open."""


def write_wav(audio: Audio, length: int, file: IO[bytes]) -> None:
    """`audio`, cut or padded with silence to `length` samples. `file` need not seek and stays open.

    Raises:
        EncodeFailed: the sound is neither mono nor stereo, or holds values that are no numbers.
    """
    blocks = stereo_blocks(finite(channels_of(audio)), length, _BLOCK)
    with wave.open(file, "wb") as written:
        written.setnchannels(MOST_CHANNELS)
        written.setsampwidth(_SAMPLE_BYTES)
        written.setframerate(audio.sampling_rate)
        written.setnframes(length)
        for _, block in blocks:
            levels = np.round(np.clip(block, -1, 1) * _PEAK).astype("<i2")
            written.writeframesraw(np.ascontiguousarray(levels.T).tobytes())


def wav_size(samples: int) -> int:
    """Bytes of a file of so many samples."""
    return HEADER_BYTES + samples * MOST_CHANNELS * _SAMPLE_BYTES


def examine_wav(file: IO[bytes], size: int, geometry: ClipGeometry) -> Examined:
    """What is wrong with the WAV of `size` bytes in `file`. Raises wave.Error, EOFError and OSError."""
    with wave.open(file, "rb") as found:
        rate, channels, width = found.getframerate(), found.getnchannels(), found.getsampwidth()
        samples = 0
        while block := found.readframes(_BLOCK):
            samples += len(block) // (channels * width)
    faults = []
    if (channels, width) != (MOST_CHANNELS, _SAMPLE_BYTES):
        faults.append(f"sound in {channels} channels of {8 * width} bits instead of {MOST_CHANNELS} of 16")
    if samples != geometry.samples(rate):
        faults.append(f"{samples} samples of sound instead of {geometry.samples(rate)}")
    elif size != wav_size(samples):
        faults.append(f"{size} bytes instead of {wav_size(samples)}")
    return Examined(faults=tuple(faults), audio_rate=rate, audio_channels=channels)


def _open(clip: Clip, file: TargetFile, _: EncoderConfig) -> WavWriter:
    if clip.audio is None:
        message = "The clip has no sound, and a wav file has nothing else"
        raise EncodeFailed(message)
    return WavWriter(clip.audio, clip.geometry, file)


def _examine(target: Path, geometry: ClipGeometry, audio: bool) -> Examined:  # noqa: FBT001 - WrittenFormat's form
    with target.open("rb") as file:
        found = examine_wav(file, target.stat().st_size, geometry)
    return found if audio else Examined(faults=(*found.faults, "sound that the clip does not have"))


def _check(_: EncoderConfig) -> None:
    """Python writes it."""


FORMAT: Final = WrittenFormat(output_format=WAV, open=_open, examine=_examine, check=_check)
