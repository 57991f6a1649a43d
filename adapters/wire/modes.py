"""The modes as the wire knows them: one row each, with the request class and the fields that only it takes."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

import attrs

from adapters.wire.converter import located
from adapters.wire.pictures import one_picture, under
from adapters.wire.source_modes import (
    ExtendFields,
    ReferenceFields,
    RetakeFields,
    SoundFields,
    extend_arguments,
    reference_arguments,
    retake_arguments,
    sound_arguments,
)
from domain.conditions import FULL_STRENGTH, Crf, Strength
from domain.errors import Fault, InvalidInput
from domain.requests import (
    GenerationRequest,
    ImageToVideo,
    ImageUrl,
    InlineImage,
    Keyframe,
    KeyframesToVideo,
    StoredImage,
    TextToVideo,
)
from domain.source_media import AudioUrl, StoredAudio, StoredVideo, VideoUrl
from domain.source_requests import AudioToVideo, ExtendVideo, RetakeVideo, VideoToVideo

F = TypeVar("F")

REFERENCES: Final = (ImageUrl, InlineImage, StoredImage, VideoUrl, StoredVideo, AudioUrl, StoredAudio)
"""All that point to an input and say by which field."""


@attrs.frozen(kw_only=True)
class WireMode(Generic[F]):
    """One row of the table.

    `fields` is an attrs class of the mode's own fields, structured by the converter like all others.
    `arguments` turns them into the arguments that `request` takes beyond the common ones; it is given the path
    of the request, and raises InvalidInput with whole paths if they do not go together.
    """

    request: type[GenerationRequest]
    fields: type[F]
    arguments: Callable[[F, str], Mapping[str, object]]

    @property
    def field_names(self) -> tuple[str, ...]:
        names: tuple[str, ...] = tuple(field.name for field in attrs.fields(self.fields))  # type: ignore[arg-type]  # F is always an attrs class, which a TypeVar cannot say
        return names


@attrs.frozen(kw_only=True)
class NoFields:
    """Fields of a mode that has none of its own."""


@attrs.frozen(kw_only=True)
class ImageFields:
    """Own fields of `i2v`."""

    image_url: ImageUrl | None = None
    image_base64: InlineImage | None = None
    image_path: StoredImage | None = None
    image_strength: Strength = FULL_STRENGTH
    image_crf: Crf | None = None


@attrs.frozen(kw_only=True)
class KeyframesFields:
    """Own fields of `keyframes`."""

    keyframes: tuple[Keyframe, ...]


def _located(build: Callable[[F], Mapping[str, object]]) -> Callable[[F, str], Mapping[str, object]]:
    """`build`, with references and faults under the request's path."""

    def arguments(fields: F, path: str) -> Mapping[str, object]:
        try:
            built = build(fields)
        except InvalidInput as refused:
            raise InvalidInput(
                tuple(Fault(located(path, fault.path), fault.message) for fault in refused.faults)
            ) from refused
        return {name: _under(value, path) for name, value in built.items()}

    return arguments


def _under(value: object, path: str) -> object:
    return attrs.evolve(value, path=located(path, value.path)) if isinstance(value, REFERENCES) else value


def _nothing(_: NoFields, _path: str) -> Mapping[str, object]:
    return {}


def _first_frame(fields: ImageFields) -> Mapping[str, object]:
    pictures = (fields.image_url, fields.image_base64, fields.image_path)
    return {
        "image": one_picture(pictures, "mode i2v starts with a picture"),
        "image_strength": fields.image_strength,
        "image_crf": fields.image_crf,
    }


def _keyframes(fields: KeyframesFields, path: str) -> Mapping[str, object]:
    return {"keyframes": tuple(under(keyframe, located(path, "keyframes")) for keyframe in fields.keyframes)}


_ROWS: Final[tuple[WireMode[Any], ...]] = (
    WireMode(request=TextToVideo, fields=NoFields, arguments=_nothing),
    WireMode(request=ImageToVideo, fields=ImageFields, arguments=_located(_first_frame)),
    WireMode(request=KeyframesToVideo, fields=KeyframesFields, arguments=_keyframes),
    WireMode(request=VideoToVideo, fields=ReferenceFields, arguments=_located(reference_arguments)),
    WireMode(request=ExtendVideo, fields=ExtendFields, arguments=_located(extend_arguments)),
    WireMode(request=RetakeVideo, fields=RetakeFields, arguments=_located(retake_arguments)),
    WireMode(request=AudioToVideo, fields=SoundFields, arguments=_located(sound_arguments)),
)

MODES: Final[Mapping[str, WireMode[Any]]] = {row.request.mode: row for row in _ROWS}

DEFAULT_MODE: Final = TextToVideo.mode


def modes_that_take(name: str) -> tuple[str, ...]:
    """The modes that have `name` as a field of their own."""
    return tuple(mode for mode, row in MODES.items() if name in row.field_names)
