"""Own fields of the modes that begin with a clip or a sound of the caller's, and what they make of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from adapters.wire.pictures import one_picture
from domain.conditions import FULL_STRENGTH, Crf, Strength
from domain.errors import Fault, InvalidInput
from domain.requests import ImageUrl, InlineImage, StoredImage
from domain.sizing import REPLACED
from domain.source_media import (
    AudioUrl,
    SourceReference,
    SourceTime,
    StoredAudio,
    StoredVideo,
    VideoReference,
    VideoUrl,
)
from domain.source_requests import Direction, OpenField, Replaced, SourceRequest

_LENGTH: Final = ("num_frames", "seconds")
_SIZE: Final = ("width", "height", *(name for name, replaced in REPLACED.items() if "width" in replaced))


@attrs.frozen(kw_only=True)
class VideoFields:
    """The two ways to give a clip."""

    video_url: VideoUrl | None = None
    video_path: StoredVideo | None = None


@attrs.frozen(kw_only=True)
class ReferenceFields(VideoFields):
    """Own fields of `v2v`."""

    strength: Strength = FULL_STRENGTH


@attrs.frozen(kw_only=True)
class ExtendFields(VideoFields):
    """Own fields of `extend`."""

    direction: Direction = "after"


@attrs.frozen(kw_only=True)
class RetakeFields(VideoFields):
    """Own fields of `retake`."""

    start: SourceTime
    end: SourceTime | None = None
    replace: Replaced = "both"


@attrs.frozen(kw_only=True)
class SoundFields:
    """Own fields of `a2v`."""

    audio_url: AudioUrl | None = None
    audio_path: StoredAudio | None = None
    image_url: ImageUrl | None = None
    image_base64: InlineImage | None = None
    image_path: StoredImage | None = None
    image_strength: Strength = FULL_STRENGTH
    image_crf: Crf | None = None


def reference_arguments(fields: ReferenceFields) -> Mapping[str, object]:
    """Arguments of VideoToVideo. Raises InvalidInput, as the others here do, with paths inside the request."""
    return {"video": _video(fields), "strength": fields.strength}


def extend_arguments(fields: ExtendFields) -> Mapping[str, object]:
    """Arguments of ExtendVideo."""
    return {"video": _video(fields), "direction": fields.direction}


def retake_arguments(fields: RetakeFields) -> Mapping[str, object]:
    """Arguments of RetakeVideo."""
    return {"video": _video(fields), "start": fields.start, "end": fields.end, "replace": fields.replace}


def sound_arguments(fields: SoundFields) -> Mapping[str, object]:
    """Arguments of AudioToVideo."""
    pictures = (fields.image_url, fields.image_base64, fields.image_path)
    has_picture = any(picture is not None for picture in pictures)
    given = [sound for sound in (fields.audio_url, fields.audio_path) if sound is not None]
    _refuse_but_one(given, "audio_url", "or audio_path is required: mode a2v makes its picture to a sound")
    return {
        "audio_source": given[0],
        "image": one_picture(pictures, "") if has_picture else None,
        "image_strength": fields.image_strength,
        "image_crf": fields.image_crf,
    }


def left_out(raw: Collection[str]) -> tuple[OpenField, ...]:
    """What a request leaves to its source that gives the fields in `raw`; null counts as not given."""
    given: dict[OpenField, Iterable[str]] = {"fps": ("fps",), "length": _LENGTH, "size": _SIZE}
    return tuple(field for field, names in given.items() if not any(name in raw for name in names))


def length_faults(request: type[SourceRequest], raw: Collection[str]) -> Iterator[Fault]:
    """What is wrong with how long the clip is said to be; paths inside the request."""
    if request.length == "asked" and "length" in left_out(raw):
        yield Fault("seconds", f"or num_frames is required: how much mode {request.mode} adds to the clip")
    if request.length == "source":
        for name in _LENGTH:
            if name in raw:
                yield Fault(name, f"must be left out in mode {request.mode}: the clip keeps its length")


def _video(fields: VideoFields) -> VideoReference:
    given = [video for video in (fields.video_url, fields.video_path) if video is not None]
    _refuse_but_one(given, "video_url", "or video_path is required: the mode begins with a clip")
    return given[0]


def _refuse_but_one(given: Sequence[SourceReference], field: str, message: str) -> None:
    """Refuse none, with `message` as the fault of `field`, and more than one."""
    if not given:
        raise InvalidInput((Fault(field, message),))
    first, *others = given
    if others:
        raise InvalidInput((Fault(others[0].path, f"must not be given together with {first.path}"),))
