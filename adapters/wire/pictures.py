"""Pictures in a request: the three ways to give one, and the list of `keyframes`."""

from collections.abc import Iterable
from typing import Final

import attrs

from adapters.wire.items import ItemKind, ReadsField, item_list
from domain.conditions import FULL_STRENGTH, MAX_KEYFRAMES, FramePosition, Strength
from domain.errors import Fault, InvalidInput
from domain.requests import ImageReference, ImageUrl, InlineImage, Keyframe, StoredImage


def one_picture(references: Iterable[ImageReference | None], why: str) -> ImageReference:
    """The one that is given.

    Raises:
        InvalidInput: none is, or several; the paths are the fields' names. `why` follows "is required: ".
    """
    given = [image for image in references if image is not None]
    if not given:
        raise InvalidInput((Fault("image_url", f"or image_base64 or image_path is required: {why}"),))
    first, *others = given
    if others:
        message = f"must not be given together with {first.path}: exactly one is taken"
        raise InvalidInput(tuple(Fault(other.path, message) for other in others))
    return first


def keyframe_list(value: object, read: ReadsField) -> tuple[Keyframe, ...]:
    """The keyframes that `value` (parsed JSON) lists. The pictures' paths begin behind the list's own.

    Raises:
        InvalidValue: it is no list, too short or too long.
        InvalidInput: with the faults of all items; their paths begin behind the list's own: "[1].frame".
    """
    keyframes, faults = item_list(value, _KEYFRAME, read)
    if faults:
        raise InvalidInput(tuple(faults))
    return tuple(under(keyframe, f"[{index}].") for index, keyframe in keyframes.items())


def under(keyframe: Keyframe, path: str) -> Keyframe:
    """`keyframe` with `path` before its picture's path."""
    return attrs.evolve(keyframe, image=attrs.evolve(keyframe.image, path=f"{path}{keyframe.image.path}"))


def _keyframe(
    *,
    frame: FramePosition,
    image_url: ImageUrl | None = None,
    image_base64: InlineImage | None = None,
    image_path: StoredImage | None = None,
    strength: Strength = FULL_STRENGTH,
) -> Keyframe:
    try:
        image = one_picture((image_url, image_base64, image_path), "a keyframe is a picture")
    except InvalidInput as refused:
        raise InvalidInput(tuple(Fault(f".{fault.path}", fault.message) for fault in refused.faults)) from refused
    return Keyframe(image=image, frame=frame, strength=strength)


_PICTURE: Final = {"image_url": ImageUrl, "image_base64": InlineImage, "image_path": StoredImage}
_KEYFRAME: Final = ItemKind(
    fields={**_PICTURE, "frame": FramePosition, "strength": Strength},
    build=_keyframe,
    least=1,
    most=MAX_KEYFRAMES,
    required=("frame",),
    nullable=tuple(_PICTURE),
)
