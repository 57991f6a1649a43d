"""What a child says of a media file: plain values, and what of them can be true."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, TypeVar

import attrs

from adapters.media.config import MAX_PIXEL_ASPECT, MediaLimits
from adapters.media.info import AudioStream, MediaInfo, SoundExtent, VideoStream

StreamT = TypeVar("StreamT", VideoStream, AudioStream)

_ROTATIONS: Final = frozenset({0, 90, 180, 270})
_FRACTION: Final = re.compile(r"-?[0-9]{1,40}(/[1-9][0-9]{0,39})?")
"""A time of 64 bits by a clock of twice 31 bits has at most 29 digits."""


def as_fields(info: MediaInfo) -> dict[str, Any]:
    """`info` in plain JSON values; fractions are text."""
    return attrs.asdict(info, value_serializer=lambda _, __, value: str(value) if type(value) is Fraction else value)


def from_fields(fields: Mapping[str, Any], limits: MediaLimits) -> MediaInfo:
    """What `as_fields` was given.

    Raises:
        ValueError: not that, or what no file within `limits` can hold.
    """
    match fields:
        case {"container": str() as container, "video": video, "audio": audio, **rest} if not rest:
            info = MediaInfo(container=container, video=_stream(VideoStream, video), audio=_stream(AudioStream, audio))
        case _:
            message = "no description of a media file"
            raise ValueError(message)
    if not _can_be(info, limits):
        message = "a description that cannot be true"
        raise ValueError(message)
    return info


def measured_in(fields: Mapping[str, Any], limits: MediaLimits) -> SoundExtent:
    """What a child measured. Raises ValueError: not that, or what no file within `limits` can hold."""
    match fields:
        case {"start": str() as start, "samples": int() as samples, **rest} if not rest and type(samples) is int:
            extent = SoundExtent(start=_fraction(start), samples=samples)
        case _:
            message = "no description of a sound"
            raise ValueError(message)
    if not 1 <= samples <= 2 * limits.max_samples:  # a gap counts as well
        message = "a sound that cannot be"
        raise ValueError(message)
    return extent


def _stream(kind: type[StreamT], fields: object) -> StreamT | None:
    """The stream that `fields` describe, each value of exactly its type."""
    if fields is None:
        return None
    types = {field.name: field.type for field in attrs.fields(kind)}
    if not isinstance(fields, Mapping) or fields.keys() != types.keys():
        message = "no description of a stream"
        raise ValueError(message)
    values: dict[str, Any] = {name: _value(fields[name], types[name]) for name in types}
    return kind(**values)


def _value(value: object, kind: type[Any] | None) -> object:
    """Raises ValueError."""
    if kind is Fraction and isinstance(value, str):
        return _fraction(value)
    if type(value) is not kind:  # True is an int as well
        message = "a value of another type"
        raise ValueError(message)
    return value


def _fraction(text: str) -> Fraction:
    """What `str` makes of one, and nothing else: of "1e999999999" Python computes every digit. Raises ValueError."""
    if _FRACTION.fullmatch(text) is None:
        message = "no fraction"
        raise ValueError(message)
    return Fraction(text)


def _can_be(info: MediaInfo, limits: MediaLimits) -> bool:
    streams = [_pictures_can_be(info.video, limits)] if info.video else []
    streams += [_sound_can_be(info.audio, limits)] if info.audio else []
    return bool(streams) and all(streams)


def _pictures_can_be(video: VideoStream, limits: MediaLimits) -> bool:
    return (
        min(video.width, video.height) >= 1
        and max(video.width, video.height) <= limits.max_side
        and video.width * video.height <= limits.max_pixels
        and 1 <= video.frames <= limits.max_frames
        and 1 <= video.rate <= limits.max_rate
        and 0 <= video.duration <= limits.seconds
        and video.rotation in _ROTATIONS
        and 1 / MAX_PIXEL_ASPECT <= video.pixel_aspect <= MAX_PIXEL_ASPECT
    )


def _sound_can_be(audio: AudioStream, limits: MediaLimits) -> bool:
    return (
        limits.min_sampling_rate <= audio.rate <= limits.max_sampling_rate
        and 1 <= audio.channels <= limits.max_channels
        and 0 <= audio.duration <= limits.seconds
    )
