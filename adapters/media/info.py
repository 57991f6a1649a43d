"""What is in a media file."""

from fractions import Fraction

import attrs


@attrs.frozen(kw_only=True)
class VideoStream:
    """Pictures. `width` and `height` are as coded; players turn them by `rotation` degrees clockwise (0, 90, 180, 270).

    `frames` and `duration` (seconds) are what the file holds, not what its header says; `rate` is frames per second.
    """

    codec: str
    width: int
    height: int
    frames: int
    rate: Fraction
    duration: Fraction
    rotation: int


@attrs.frozen(kw_only=True)
class AudioStream:
    """Sound. `rate` is in hertz; `duration`, in seconds, is what the file holds."""

    codec: str
    rate: int
    channels: int
    duration: Fraction


@attrs.frozen(kw_only=True)
class MediaInfo:
    """The first stream of pictures and the first of sound; one of them is there."""

    container: str
    video: VideoStream | None
    audio: AudioStream | None
