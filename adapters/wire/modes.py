"""The modes as the wire knows them: one row each, with the request class and the fields that only it takes."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

import attrs

from adapters.wire.converter import located
from domain.errors import Fault, InvalidInput
from domain.requests import (
    GenerationRequest,
    ImageReference,
    ImageToVideo,
    ImageUrl,
    InlineImage,
    StoredImage,
    TextToVideo,
)

F = TypeVar("F")


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


def _nothing(_: NoFields, _path: str) -> Mapping[str, object]:
    return {}


def _one_image(fields: ImageFields, path: str) -> Mapping[str, object]:
    every: tuple[ImageReference | None, ...] = (fields.image_url, fields.image_base64, fields.image_path)
    given = [image for image in every if image is not None]
    if not given:
        message = "or image_base64 or image_path is required: mode i2v starts with a picture"
        raise InvalidInput((Fault(located(path, "image_url"), message),))
    first, *others = given
    if others:
        message = f"must not be given together with {first.path}: exactly one is taken"
        raise InvalidInput(tuple(Fault(located(path, other.path), message) for other in others))
    return {"image": attrs.evolve(first, path=located(path, first.path))}


_ROWS: Final[tuple[WireMode[Any], ...]] = (
    WireMode(request=TextToVideo, fields=NoFields, arguments=_nothing),
    WireMode(request=ImageToVideo, fields=ImageFields, arguments=_one_image),
)

MODES: Final[Mapping[str, WireMode[Any]]] = {row.request.mode: row for row in _ROWS}

DEFAULT_MODE: Final = TextToVideo.mode


def modes_that_take(name: str) -> tuple[str, ...]:
    """The modes that have `name` as a field of their own."""
    return tuple(mode for mode, row in MODES.items() if name in row.field_names)
