"""What is in a media file."""

from fractions import Fraction

import attrs


@attrs.frozen(kw_only=True)
class VideoStream:
    """Pictures. `width` and `height` are as coded; players turn them by `rotation` degrees clockwise (0, 90, 180, 270).

    `frames` and `duration` (seconds) are what the file holds, not what its header says; `rate` is frames per second,
    exact where `is_constant` and else the mean. `pixel_aspect` is a pixel's width over its height. `start` is when the
    first frame is shown, in seconds of the file's clock.
    """

    codec: str
    width: int
    height: int
    frames: int
    rate: Fraction
    duration: Fraction
    rotation: int
    pixel_aspect: Fraction = Fraction(1)
    start: Fraction = Fraction(0)
    is_constant: bool = True


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


@attrs.frozen(kw_only=True)
class SoundExtent:
    """A sound's place on the file's clock, in seconds, and its samples (of one channel)."""

    start: Fraction
    samples: int
