"""Sound of a clip, cut or padded to the picture's length, as AAC packets."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

from domain.clip import Audio
from domain.errors import EncodeFailed

AAC_FRAME: Final = 1024
"""Samples in a packet of AAC-LC."""

_MOST_CHANNELS: Final = 2
Block = npt.NDArray[np.float32]


class SoundTrack:
    """The AAC stream of a container that is being written: stereo, at the clip's own sampling rate."""

    def __init__(self, container: OutputContainer, audio: Audio, length: int, bit_rate: int) -> None:
        """`length`: samples per channel that the stream shall have."""
        self._container = container
        self._rate = audio.sampling_rate
        self._stream = container.add_stream("aac", rate=self._rate, layout="stereo", bit_rate=bit_rate)
        self._blocks = fitted_blocks(audio, length)
        self._position = -AAC_FRAME

    def advance(self, seconds: Fraction) -> None:
        """Write the sound up to `seconds` at least, so that the container can interleave it."""
        while self._position < seconds * self._rate:
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


def fitted_blocks(audio: Audio, length: int) -> Iterator[tuple[int, Block]]:
    """`audio` as stereo blocks of up to 1024 samples that end exactly at `length`, each with its first position.

    AAC comes in packets of 1024 samples, and FFmpeg's decoders hand out a last packet whole, whatever the edit
    list says: at 24 kHz up to 43 ms too much, more than a frame. So the odd rest goes in front: silence at
    negative positions, which the edit list hides together with the encoder's priming. A clip shorter than one
    packet starts at 0, for without a packet that starts inside the edit FFmpeg plays nothing; there the
    container's durations are exact, and a decoder's output is one packet long.

    Raises:
        EncodeFailed: neither mono nor stereo, or channels of different lengths.
    """
    if not 1 <= audio.channels <= _MOST_CHANNELS or len(audio.samples) % audio.channels:
        message = f"The clip's sound has {len(audio.samples)} samples in {audio.channels} channels, not mono or stereo"
        raise EncodeFailed(message)
    return _blocks(np.asarray(audio.samples, np.float32).reshape(audio.channels, -1), length)


def _blocks(sound: Block, length: int) -> Iterator[tuple[int, Block]]:
    lead = -length % AAC_FRAME if length >= AAC_FRAME else 0
    for start in range(-lead, length, AAC_FRAME):
        end = min(start + AAC_FRAME, length)
        block = np.zeros((_MOST_CHANNELS, end - start), np.float32)
        kept = sound[:, max(start, 0) : end]
        offset = max(-start, 0)
        block[:, offset : offset + kept.shape[1]] = kept  # one channel becomes both
        yield start, block
