"""A stretch of a sound, decoded by our own loop: one stream, from its beginning, nothing kept."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, Final, Self

import attrs
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from adapters.media.config import MediaLimits
from adapters.media.faults import Damaged, Excessive, Overdrawn
from adapters.media.info import SoundExtent
from adapters.media.mixing import mixed, planar
from adapters.media.opening import opened
from adapters.media.orders import SoundOrder
from adapters.media.refusals import refusals
from adapters.media.resampling import resampled
from adapters.media.source import Source
from adapters.media.streams import Sound, first_audio, sound_of

Samples = npt.NDArray[np.float32]
_MARGIN_SECONDS: Final = 1
"""What the resampler sees on either side of a stretch, so that it does not begin or end in silence."""


def measure_sound(file: BinaryIO, path: str, limits: MediaLimits) -> SoundExtent:
    """How long the sound really is: all of it is decoded, for packets do not say what a decoder drops at the ends.

    Raises:
        InputRefused, InputUnreadable: see `refusals`.
    """
    with refusals(path):
        source = Source.of(file, seconds=limits.decoding_seconds)
        with opened(source, limits) as media:
            stream, claimed = _stream_of(media.file, limits)
            clock = _Clock(claimed.rate)
            for frame in _frames(media.file, stream, source, claimed, limits):
                clock.place(frame)
            if clock.begin is None or clock.end < 1:
                raise Damaged(found="no sound can be decoded")
            return SoundExtent(start=clock.begin, samples=clock.end)


def decode_sound(file: BinaryIO, path: str, order: SoundOrder, limits: MediaLimits) -> memoryview:
    """The samples of `order`: float32 in [-1, 1], planar. Silence where the file has none.

    Raises:
        InputRefused, InputUnreadable: see `refusals`.
    """
    with refusals(path):
        source = Source.of(file, seconds=limits.decoding_seconds)
        with opened(source, limits) as media:
            stream, claimed = _stream_of(media.file, limits)
            stretch = _Stretch.of(order, claimed.rate)
            kept = np.zeros((order.channels, stretch.length), np.float32)
            clock = _Clock(claimed.rate)
            for frame in _frames(media.file, stream, source, claimed, limits):
                at = clock.place(frame)
                _put(kept, mixed(planar(frame), frame.layout, order.channels), at - stretch.begin)
    if claimed.rate != order.rate:
        kept = resampled(kept, claimed.rate, order.rate, skip=stretch.skip)
    exact = np.clip(np.nan_to_num(kept[:, : order.samples]), -1, 1)
    return np.ascontiguousarray(exact, np.float32).data.cast("B")


@attrs.frozen
class _Stretch:
    """What is taken of a file for an order: `length` samples from `begin` on, in the file's rate.

    `skip` samples of the resampled result come before the order's. The stretch begins where the samples of both rates
    fall together, so that all orders at one rate have one grid.
    """

    begin: int
    length: int
    skip: int

    @classmethod
    def of(cls, order: SoundOrder, rate: int) -> Self:
        origin = round(order.origin * rate)
        if rate == order.rate:
            return cls(origin + round(order.start * rate), order.samples, 0)
        common = math.gcd(rate, order.rate)
        steps = math.floor((order.start - _MARGIN_SECONDS) * common)
        skip = round((order.start - Fraction(steps, common)) * order.rate)
        length = -(-(skip + order.samples) * rate // order.rate) + _MARGIN_SECONDS * rate
        return cls(origin + steps * (rate // common), length, skip)


def _stream_of(file: InputContainer, limits: MediaLimits) -> tuple[AudioStream, Sound]:
    stream = first_audio(file)
    if stream is None:
        raise Damaged(found="no sound")
    claimed = sound_of(stream, limits)
    stream.codec_context.thread_count = 1
    return stream, claimed


def _frames(
    file: InputContainer, stream: AudioStream, source: Source, claimed: Sound, limits: MediaLimits
) -> Iterator[AudioFrame]:
    """Decoded frames, each of the rate and the channels that the header claims."""
    samples = 0
    for packet in file.demux(stream):
        for frame in packet.decode():
            samples += frame.samples
            if samples > limits.seconds * claimed.rate + claimed.rate:
                raise Excessive(must=f"last at most {limits.seconds} seconds")
            if source.clock() > source.deadline:
                raise Overdrawn
            if (frame.sample_rate, len(frame.layout.channels)) != (claimed.rate, claimed.channels):
                raise Excessive(must="keep its sampling rate and its channels to the end")
            yield frame


@attrs.define
class _Clock:
    """Where frames belong, in samples on the file's clock.

    Their times are rounded (milliseconds in Matroska), so a frame that is nearly where the one before it ended goes
    on there. A real gap stays one.
    """

    rate: int
    begin: Fraction | None = None
    end: int = 0
    """Samples from `begin`."""
    _first: int = 0

    def place(self, frame: AudioFrame) -> int:
        """The first sample of `frame`."""
        if self.begin is None:
            time = Fraction(0) if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
            self._first, self.begin = round(time * self.rate), time
        at = self._first + self.end
        if frame.pts is not None and frame.time_base is not None:
            told = round(frame.pts * frame.time_base * self.rate)
            if told - at > self._slack:
                at = told
        self.end = at + frame.samples - self._first
        return at

    @property
    def _slack(self) -> int:
        """A fiftieth of a second: rounding is less, a lost packet more."""
        return self.rate // 50


def _put(kept: Samples, part: Samples, at: int) -> None:
    """`part` into `kept` from `at` on, as far as it lies within."""
    begin, end = max(0, at), min(kept.shape[1], at + part.shape[1])
    if begin < end:
        kept[:, begin:end] = part[:, begin - at : end - at]
