"""An MP4 file that is being written: picture and sound side by side."""

import io
import math
from contextlib import suppress
from pathlib import Path
from typing import Final

import av
import av.error
from typing_extensions import override

from adapters.encoder.config import EncoderConfig
from adapters.encoder.picture import PictureTrack
from adapters.encoder.sound import SoundTrack
from domain.clip import Clip

_SILENT_TIMESCALE: Final = 48_000
_LARGEST_TIMESCALE: Final = 10_000_000
"""Keeps the durations of clips up to seven minutes in 32 bits, which the oldest parsers want."""


class TargetFile(io.FileIO):
    """The file on disk, opened by us: when the header cannot be written, PyAV 18.1 never closes the one it opened.

    A short write would go unnoticed (FFmpeg counts the whole buffer as written), so `write` writes all of it.
    Unbuffered, because `+faststart` reads the file back under its name while it is still open.
    """

    def __init__(self, target: Path) -> None:
        super().__init__(str(target.absolute()), "w")  # a name without a scheme, for FFmpeg opens it as a URL

    @override
    def write(self, buffer: bytes) -> int:  # type: ignore[override]  # PyAV hands in nothing but bytes
        left = memoryview(buffer)
        while left:
            left = left[super().write(left) :]
        return len(buffer)


class Mp4Writer:
    """Takes the frames of one clip and leaves a finished file, `moov` first. Raises av's errors and OSError."""

    def __init__(self, clip: Clip, file: TargetFile, config: EncoderConfig) -> None:
        options = {"movflags": "+faststart", "movie_timescale": str(_movie_timescale(clip))}
        self._container = av.open(file, "w", format="mp4", container_options=options)
        self._picture = PictureTrack(self._container, clip.geometry, clip.pixel_format, config)
        self._sound: SoundTrack | None = None
        if clip.audio is not None:
            length = clip.geometry.samples(clip.audio.sampling_rate)
            self._sound = SoundTrack(self._container, clip.audio, length, config.audio_bit_rate)

    def add(self, frame: memoryview) -> None:
        """Write the next frame, and the sound up to its end: neither stream piles up while it waits for the other."""
        self._picture.add(frame)
        if self._sound is not None:
            self._sound.advance(self._picture.seconds)

    def finish(self) -> None:
        """Write what the codecs hold back, then move `moov` to the front."""
        self._picture.finish()
        if self._sound is not None:
            self._sound.finish()
        self._container.close()

    def abandon(self) -> None:
        """Close the container after a failure, whose exception must not be hidden by another one."""
        with suppress(av.error.FFmpegError, OSError):
            self._container.close()


def _movie_timescale(clip: Clip) -> int:
    """Ticks per second of the edit lists and of the movie's length.

    FFmpeg's 1,000 rounds both streams to the millisecond. The common multiple of both rates makes them exact.
    """
    sampling_rate = _SILENT_TIMESCALE if clip.audio is None else clip.audio.sampling_rate
    common = math.lcm(sampling_rate, clip.geometry.frame_rate.rate.numerator)
    return common if common <= _LARGEST_TIMESCALE else sampling_rate
