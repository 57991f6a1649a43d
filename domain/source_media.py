"""Videos and sounds that a caller gives: how they are referred to, and what is in them."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import attrs

from domain.errors import InvalidValue
from domain.geometry import FrameRate, Resolution
from domain.naming import ObjectPath
from domain.sizing import MAX_LENGTH


@attrs.frozen
class VideoUrl:
    """An input video that is fetched. `path` is the request's field, for the errors about it."""

    url: str = attrs.field(repr=False)  # may carry a signature
    path: str = "video_url"


@attrs.frozen
class StoredVideo:
    """An input video that lies in the worker's own store, below INPUT_PREFIX."""

    object: ObjectPath
    path: str = "video_path"


@attrs.frozen
class AudioUrl:
    """An input sound that is fetched; the sound of a video is one too."""

    url: str = attrs.field(repr=False)  # may carry a signature
    path: str = "audio_url"


@attrs.frozen
class StoredAudio:
    """An input sound that lies in the worker's own store, below INPUT_PREFIX."""

    object: ObjectPath
    path: str = "audio_path"


VideoReference = VideoUrl | StoredVideo
AudioReference = AudioUrl | StoredAudio
SourceReference = VideoReference | AudioReference


@attrs.frozen
class SourceTime:
    """A time in a given clip, in seconds from its beginning, 0 or more."""

    seconds: float

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.seconds <= MAX_LENGTH:  # also false for NaN
            message = f"must be from 0 to {MAX_LENGTH}, got {self.seconds}"
            raise InvalidValue(message)

    def frame_at(self, frame_rate: FrameRate) -> int:
        """The frame that begins nearest to it."""
        return round(Fraction(Decimal(repr(self.seconds))) * frame_rate.rate)


@attrs.frozen
class MediaFile:
    """A fetched file in the job's folder.

    `path` is the request's field; `origin` is where the file's own clock stands, in seconds, at the source's time 0.
    """

    file: Path = attrs.field(repr=False)
    path: str
    origin: Fraction


@attrs.frozen(kw_only=True)
class SourceAudio:
    """A fetched sound, as it is in the file.

    `samples` (of one channel) begin at the time `start`, in seconds. Time 0 is the first sample of a sound that was
    given by itself, and the first frame of the video that a sound belongs to: then `start` may be before or after it.
    """

    media: MediaFile
    rate: int
    """Samples per second."""
    channels: int
    start: Fraction
    samples: int

    @property
    def duration(self) -> Fraction:
        """Seconds."""
        return Fraction(self.samples, self.rate)


@attrs.frozen(kw_only=True)
class FrameWindow:
    """Frames on a grid of time, each covering `size`, cropped at the centre.

    Frame i is what is seen at `start + i / rate` seconds; past the last frame that is the last one.
    """

    start: Fraction
    frames: int
    rate: Fraction
    size: Resolution

    def __attrs_post_init__(self) -> None:
        if self.start < 0 or self.frames < 1 or self.rate <= 0 or min(self.size.width, self.size.height) < 1:
            message = "must begin at 0 or later, and have at least one frame, a rate and a size"
            raise InvalidValue(message)


@attrs.frozen(kw_only=True)
class SampleWindow:
    """Sound from `start` seconds on, which may be before 0; `samples` of each of `channels` (1 or 2), at `rate` hertz.

    Silence stands where the source has none.
    """

    start: Fraction
    samples: int
    rate: int
    channels: int

    def __attrs_post_init__(self) -> None:
        if self.samples < 1 or self.rate < 1 or self.channels not in {1, 2}:
            message = "must have at least one sample, a rate, and one or two channels"
            raise InvalidValue(message)


@attrs.frozen(kw_only=True)
class SourceVideo:
    """A fetched video, as a viewer sees it. Time 0 is its first frame.

    `rate` is exact where `is_constant`, and the mean where frames last unequally long. `size` is upright, with square
    pixels. `frames` is how many `rate` gives within `duration`, the frames of the file where the rate is constant.
    """

    media: MediaFile
    rate: Fraction
    is_constant: bool
    size: Resolution
    frames: int
    duration: Fraction
    """Seconds, from the first frame's start to the last one's end."""
    audio: SourceAudio | None

    def window(self, first: int, frames: int) -> FrameWindow:
        """`frames` of its own, from the one with the number `first` (0 … `frames` - 1) on, at its own rate and size."""
        return FrameWindow(start=first / self.rate, frames=frames, rate=self.rate, size=self.size)


Source = SourceVideo | SourceAudio
"""What a request begins with, as it was found to be."""


def sound_of(source: Source) -> SourceAudio | None:
    """The sound of a video, if it has one; or the sound itself."""
    return source if isinstance(source, SourceAudio) else source.audio
