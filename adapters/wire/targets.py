"""The request's `upload_url`, `s3Config` and `webhook_url`: secrets, so that no message repeats a value."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Never, TypeVar

from adapters.wire.excerpts import name_excerpt
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.secret import Secret
from domain.targets import AccessId, AccessSecret, BucketName, EndpointUrl, Region, S3Target, UploadUrl
from domain.webhook import WebhookUrl

_MAX_UNKNOWN: Final = 5
"""Unknown keys that are named."""

T = TypeVar("T")


def upload_url(value: object) -> UploadUrl:
    """The target that `value` (parsed JSON) is the URL of. Raises InvalidValue."""
    return UploadUrl(Secret(_text(value)))


def webhook_url(value: object) -> WebhookUrl:
    """Whom `value` (parsed JSON) names as the place for events. Raises InvalidValue."""
    return WebhookUrl(Secret(_text(value)))


def s3_target(value: object) -> S3Target:
    """The target that `value` (parsed JSON) describes.

    Raises:
        InvalidValue: it is no object.
        InvalidInput: with the faults of all its fields; their paths begin behind the object's own: ".accessId".
    """
    if not isinstance(value, dict):
        _refuse("must be an object")
    faults = list(_faults(value))
    if faults:
        raise InvalidInput(tuple(faults))
    region = value.get("region")
    return S3Target(
        **{argument: read(_text(value[name])) for name, (argument, read) in _REQUIRED.items()},
        region=None if region is None else Region(_text(region)),
    )


def _secret(build: Callable[[Secret], T]) -> Callable[[str], T]:
    return lambda text: build(Secret(text))


_REQUIRED: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "accessId": ("access_id", _secret(AccessId)),
    "accessSecret": ("access_secret", _secret(AccessSecret)),
    "bucketName": ("bucket", BucketName),
    "endpointUrl": ("endpoint", _secret(EndpointUrl)),
}
_REGION: Final = "region"
_NAMES: Final = (*_REQUIRED, _REGION)


def _faults(value: dict[object, object]) -> Iterator[Fault]:
    """What is wrong, paths relative to the object."""
    for name, (_, read) in _REQUIRED.items():
        if value.get(name) is None:
            yield Fault(f".{name}", "is required")
        else:
            yield from _fault(name, read, value[name])
    if value.get(_REGION) is not None:
        yield from _fault(_REGION, Region, value[_REGION])
    unknown = [key for key in value if key not in _NAMES]
    for key in unknown[:_MAX_UNKNOWN]:
        yield Fault(f".{name_excerpt(key)}", f"is not a known field; known are {', '.join(_NAMES)}")
    if len(unknown) > _MAX_UNKNOWN:
        yield Fault("", f"has {len(unknown) - _MAX_UNKNOWN} more fields that are not known")


def _fault(name: str, read: Callable[[str], object], value: object) -> Iterator[Fault]:
    try:
        read(_text(value))
    except InvalidValue as refused:
        yield Fault(f".{name}", refused.message)


def _text(value: object) -> str:
    if not isinstance(value, str):
        _refuse("must be a string")
    return value


def _refuse(message: str) -> Never:
    raise InvalidValue(message)
