"""Requests that begin with a clip or a sound of the caller's."""

from fractions import Fraction
from math import ceil
from typing import ClassVar, Final, Literal, Self, get_args

import attrs

from domain.conditions import FIRST_FRAME, FULL_STRENGTH, ClipCondition, Crf, SoundCondition, Strength
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.geometry import FrameCount, FrameRate, Side
from domain.requests import GenerationRequest, ImageReference, Keyframe
from domain.source_media import AudioReference, Source, SourceAudio, SourceTime, SourceVideo, VideoReference
from domain.stretch import Stretch

OpenField = Literal["fps", "length", "size"]
"""What a caller may leave to the source: `fps`; `num_frames` or `seconds`; all fields that tell a size."""

Direction = Literal["after", "before"]
DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)

Replaced = Literal["video", "audio", "both"]
REPLACED_PARTS: Final[tuple[Replaced, ...]] = get_args(Replaced)

Length = Literal["asked", "source", "either"]
"""Who says how long the clip is: the request, which must; the source, and the request must not; the source unless
the request does."""


@attrs.frozen(kw_only=True)
class SourceRequest(GenerationRequest):
    """What all of them have: fields that the caller leaves out are the source's.

    As long as it is not `settled`, `num_frames` is None where the length is left out, and rate and size that are left
    out say nothing.
    """

    length: ClassVar[Length] = "either"

    left_out: tuple[OpenField, ...] = ()
    """In this order: drawn seeds and records depend on it."""

    def settled(self, source: Source) -> Self:
        """The request with rate, size and length of `source` where they are left out.

        Raises:
            InvalidInput: the source's are none that a clip can have, or something else does not go with it.
        """
        if isinstance(source, SourceAudio):
            return self._as_long_as(source)
        width, height = self._size_of(source)
        request = attrs.evolve(self, fps=self._rate_of(source), width=width, height=height)
        return request._as_long_as(source)  # noqa: SLF001 - its own class

    def _rate_of(self, source: SourceVideo) -> FrameRate:
        if "fps" not in self.left_out:
            return self.fps
        try:
            nearest = FrameRate.from_number(round(float(source.rate), 3))
        except InvalidValue as refused:
            what = f"is required: {source.media.path} has {float(source.rate):g} frames a second, and that {refused}"
            raise InvalidInput((Fault("fps", what),)) from refused
        return FrameRate(source.rate) if source.is_constant else nearest

    def _size_of(self, source: SourceVideo) -> tuple[Side, Side]:
        if "size" not in self.left_out:
            return self.width, self.height
        try:
            return Side(_even(source.size.width)), Side(_even(source.size.height))
        except InvalidValue as refused:
            what = f"is required: {source.media.path} has {source.size} pixels, and a side {refused}"
            raise InvalidInput((Fault("width", what),)) from refused

    def _as_long_as(self, source: Source) -> Self:
        """With the source's length, or with the asked seconds in frames of the rate that is known by now."""
        frames = self.given_as.frames_at(self.fps)
        if "length" in self.left_out:
            frames = FrameCount(frames_of(source, self.fps))
        return self if frames is None else attrs.evolve(self, num_frames=frames)


@attrs.frozen(kw_only=True)
class VideoRequest(SourceRequest):
    """What those have that begin with a clip."""

    video: VideoReference

    @property
    def source(self) -> VideoReference:
        return self.video


@attrs.frozen(kw_only=True)
class VideoToVideo(VideoRequest):
    """`v2v`: a clip made to the likeness of another, as far as the LoRAs that are given with it know how."""

    mode = "v2v"

    strength: Strength = FULL_STRENGTH

    def clips(self, _: Source, canvas_frames: int, /) -> tuple[ClipCondition, ...]:
        return (ClipCondition(role="reference", first=0, frames=canvas_frames, strength=self.strength.share),)


@attrs.frozen(kw_only=True)
class ExtendVideo(VideoRequest):
    """`extend`: a clip that goes on, or begins earlier; `num_frames` are new ones."""

    mode = "extend"
    length = "asked"
    splices = True

    direction: Direction = "after"

    def stretch(self, source: Source, /) -> Stretch:
        placed = Stretch.after if self.direction == "after" else Stretch.in_front
        return placed(frames_of(source, self.fps), self.geometry.frames)


@attrs.frozen(kw_only=True)
class RetakeVideo(VideoRequest):
    """`retake`: a clip, of which the time from `start` to `end` is made anew; None: to its end."""

    mode = "retake"
    length = "source"
    splices = True

    start: SourceTime
    end: SourceTime | None = None
    replace: Replaced = "both"

    @property
    def length_field(self) -> str:
        return "end"

    def settled(self, source: Source) -> Self:
        request = super().settled(source)
        frames = frames_of(source, request.fps)
        first = self.start.frame_at(request.fps)
        last = frames if self.end is None else self.end.frame_at(request.fps)
        faults = []
        if self.end is not None and last > frames:
            length = float(frames / request.fps.rate)
            faults.append(
                Fault("end", f"must be at most {length:g}, the length of the video, got {self.end.seconds:g}")
            )
        if first >= min(last, frames):
            faults.append(Fault("start", f"must be at least a frame before the end, got {self.start.seconds:g}"))
        if faults:
            raise InvalidInput(tuple(faults))
        return attrs.evolve(request, num_frames=FrameCount(last - first))

    def stretch(self, source: Source, /) -> Stretch:
        first = self.start.frame_at(self.fps)
        return Stretch(
            before=first,
            made=self.geometry.frames,
            resume=first + self.geometry.frames,
            source_frames=frames_of(source, self.fps),
            is_seen=self.replace != "audio",
            is_heard=self.replace != "video",
        )

    def heard(self, source: Source, /) -> SoundCondition | None:
        """The source's own sound, where it stays: the new frames are made to it."""
        if self.replace != "video" or not isinstance(source, SourceVideo) or source.audio is None:
            return None
        stretch = self.stretch(source)
        return SoundCondition(start=(stretch.before - stretch.lead) / self.fps.rate)


@attrs.frozen(kw_only=True)
class AudioToVideo(SourceRequest):
    """`a2v`: a clip made to a given sound, maybe with a given first frame."""

    mode = "a2v"

    audio_source: AudioReference
    image: ImageReference | None = None
    image_strength: Strength = FULL_STRENGTH
    image_crf: Crf | None = None

    @property
    def source(self) -> AudioReference:
        return self.audio_source

    @property
    def conditions(self) -> tuple[Keyframe, ...]:
        if self.image is None:
            return ()
        return (Keyframe(image=self.image, frame=FIRST_FRAME, strength=self.image_strength, crf=self.image_crf),)

    def heard(self, _: Source, /) -> SoundCondition:
        return SoundCondition(start=Fraction(0))


def frames_of(source: Source, frame_rate: FrameRate) -> int:
    """How many frames of a rate last as long as `source`: of a video the nearest number, of a sound the next one."""
    if isinstance(source, SourceAudio):
        return max(1, ceil(source.duration * frame_rate.rate))
    if source.rate == frame_rate.rate:
        return source.frames
    return max(1, round(source.duration * frame_rate.rate))


def _even(side: int) -> int:
    """The largest even number that is not larger: a row or a column is cropped rather than made up."""
    return side // 2 * 2
