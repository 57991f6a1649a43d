"""What a player finds in a file of FFmpeg's containers."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import attrs
import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from adapters.encoder.formats import Examined
from domain.geometry import Resolution


@attrs.frozen(kw_only=True)
class SeenPicture:
    """The picture stream. `shown_at` has the time of each decoded picture, in seconds, in the order of display."""

    codec: str
    resolution: Resolution
    pixel_format: str | None
    colour_tags: tuple[int, int, int, int]
    """Range, primaries, transfer, matrix, in FFmpeg's numbers."""
    average_rate: Fraction | None
    guessed_rate: Fraction | None
    length: Fraction
    shown_at: tuple[Fraction, ...]


@attrs.frozen(kw_only=True)
class SeenSound:
    """The sound stream. `samples` is what the decoder handed out; `length` what the container says, 0 if nothing."""

    codec: str
    rate: int
    channels: int
    length: Fraction
    samples: int


@attrs.frozen(kw_only=True)
class SeenFile:
    """The streams of a whole file."""

    pictures: tuple[SeenPicture, ...]
    sounds: tuple[SeenSound, ...]

    def examined(self, faults: Iterable[str]) -> Examined:
        """What is told of the file, with these differences."""
        sound = self.sounds[0] if self.sounds else None
        return Examined(
            faults=tuple(faults),
            audio_rate=sound.rate if sound else None,
            audio_channels=sound.channels if sound else None,
        )


def seen(target: Path, demuxer: str) -> SeenFile:
    """Open `target` with `demuxer` and decode all of it, one frame at a time. Raises av's errors and OSError."""
    with av.open(str(target.absolute()), "r", format=demuxer) as container:
        for stream in container.streams.video:
            stream.thread_type = "AUTO"
            stream.codec_context.options = {"err_detect": "explode"}  # else FFmpeg paints over what it cannot decode
        shown_at: list[Fraction] = []
        samples = 0
        for frame in container.decode(*container.streams.video[:1], *container.streams.audio[:1]):
            if isinstance(frame, av.VideoFrame):
                shown_at.append(_seconds(frame.pts, frame.time_base))
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
        pictures = [_picture(stream, tuple(shown_at)) for stream in container.streams.video]
        sounds = [_sound(stream, samples) for stream in container.streams.audio]
        return SeenFile(pictures=tuple(pictures), sounds=tuple(sounds))


def _picture(stream: VideoStream, shown_at: tuple[Fraction, ...]) -> SeenPicture:
    codec = stream.codec_context
    return SeenPicture(
        codec=codec.name,
        resolution=Resolution(codec.width, codec.height),
        pixel_format=codec.pix_fmt,
        colour_tags=(codec.color_range, codec.color_primaries, codec.color_trc, codec.colorspace),
        average_rate=stream.average_rate,
        guessed_rate=stream.guessed_rate,
        length=_seconds(stream.duration, stream.time_base),
        shown_at=shown_at,
    )


def _sound(stream: AudioStream, samples: int) -> SeenSound:
    codec = stream.codec_context
    return SeenSound(
        codec=codec.name,
        rate=codec.sample_rate,
        channels=codec.channels,
        length=_seconds(stream.duration, stream.time_base),
        samples=samples,
    )


def _seconds(ticks: int | None, time_base: Fraction | None) -> Fraction:
    return (ticks or 0) * (time_base or Fraction(0))
