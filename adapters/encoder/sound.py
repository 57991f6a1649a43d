"""Sound of a clip, cut or padded to the picture's length, as packets of an audio codec."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import OutputContainer

from domain.clip import Audio
from domain.errors import EncodeFailed

MOST_CHANNELS: Final = 2
Block = npt.NDArray[np.float32]


class SoundTrack:
    """A new stream of a container that is being written: stereo, at the stream's own sampling rate."""

    def __init__(self, container: OutputContainer, stream: AudioStream, blocks: Iterator[tuple[int, Block]]) -> None:
        """`blocks`: stereo samples in order, each with the position of its first one; it may be below 0."""
        self._container = container
        self._stream = stream
        self._rate = stream.sample_rate
        self._blocks = blocks
        self._position: int | None = None

    def advance(self, seconds: Fraction) -> None:
        """Write the sound up to `seconds` at least, so that the container can interleave it."""
        while self._position is None or self._position < seconds * self._rate:
            block = next(self._blocks, None)
            if block is None:
                return
            self._write(*block)

    def finish(self) -> None:
        """Write the rest, and what the codec holds back."""
        for start, samples in self._blocks:
            self._write(start, samples)
        self._container.mux(self._stream.encode(None))

    def _write(self, start: int, samples: Block) -> None:
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = start
        self._position = start + samples.shape[1]
        self._container.mux(self._stream.encode(frame))


def channels_of(audio: Audio) -> Block:
    """`audio` as one row for each channel, in the clip's own buffer.

    Raises:
        EncodeFailed: neither mono nor stereo, or channels of different lengths.
    """
    if not 1 <= audio.channels <= MOST_CHANNELS or len(audio.samples) % audio.channels:
        message = f"The clip's sound has {len(audio.samples)} samples in {audio.channels} channels, not mono or stereo"
        raise EncodeFailed(message)
    return np.asarray(audio.samples, np.float32).reshape(audio.channels, -1)


def finite(sound: Block) -> Block:
    """`sound`, whose values are numbers; AAC looks for itself. Raises EncodeFailed."""
    if not np.isfinite(sound).all():
        message = "The clip's sound holds values that are no numbers"
        raise EncodeFailed(message)
    return sound


def stereo_blocks(sound: Block, length: int, size: int, lead: int = 0) -> Iterator[tuple[int, Block]]:
    """`sound`, cut or padded with silence to `length`, in stereo blocks of `size` samples, the last one shorter.

    Each comes with its first position; `lead` samples of silence in front have negative ones.
    """
    for start in range(-lead, length, size):
        end = min(start + size, length)
        block = np.zeros((MOST_CHANNELS, end - start), np.float32)
        kept = sound[:, max(start, 0) : end]
        offset = max(-start, 0)
        block[:, offset : offset + kept.shape[1]] = kept  # one channel becomes both
        yield start, block
