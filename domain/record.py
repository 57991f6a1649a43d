"""What is kept of a finished job, so that a second delivery is answered without a second render."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final, Self

import attrs

from domain.profile import ModelIdentity
from domain.requests import (
    DELIVERY_FIELDS,
    LATER_FIELDS,
    WORDING_FIELDS,
    GenerationRequest,
    ImageReference,
    InlineImage,
    StoredImage,
)
from domain.results import GenerationResult, StoredObject
from domain.source_media import SourceReference, StoredAudio, StoredVideo

_InputReference = ImageReference | SourceReference

_NOT_OF_THE_CLIP: Final = DELIVERY_FIELDS | WORDING_FIELDS | {"idempotency_key", "return_signed_url"}
"""Fields that change nothing of the stored object: who asks again and in which words, how the answer looks, where it
all goes."""

_ADDED_LATER: Final = frozenset({"preset", "enhance_prompt", "loras"}) | LATER_FIELDS
"""Fields that the first records did not know: at their defaults they do not count, so that those records hold."""


@attrs.frozen(kw_only=True)
class JobRecord:
    """A finished job. `result` holds no URL: they expire, and a record may be read by others than the caller."""

    fingerprint: str
    created_at: dt.datetime
    """Aware, in UTC."""
    result: GenerationResult
    inputs: Mapping[str, str]
    """SHA-256 of each input, by the request's field: of the URL, of the base64 text, or of the path."""
    prompt: str | None = None
    """None where prompts are not kept."""
    negative_prompt: str | None = None

    @classmethod
    def of(
        cls,
        request: GenerationRequest,
        result: GenerationResult,
        fingerprint: str,
        *,
        created_at: dt.datetime,
        keep_prompts: bool,
    ) -> Self:
        """The record of `request`, which ended in `result`. Prompts are the caller's, and those made of them."""
        poster = result.poster
        kept = attrs.evolve(
            result,
            stored=_without_urls(result.stored),
            poster=None if poster is None else attrs.evolve(poster, stored=_without_urls(poster.stored)),
            prompt_used=result.prompt_used if keep_prompts else None,
        )
        return cls(
            fingerprint=fingerprint,
            created_at=created_at,
            result=kept,
            inputs={given.path: _digest(_reference(given)) for given in _inputs(request)},
            prompt=request.prompt.text if keep_prompts else None,
            negative_prompt=request.negative_prompt if keep_prompts else None,
        )


def fingerprint(request: GenerationRequest, model: ModelIdentity) -> str:
    """SHA-256 in hex of all that decides on the stored object: two jobs that share it want the same one.

    In: every field as it was asked for, the mode, the checkpoint's name and revision. A seed that was left out
    counts as left out, whatever was drawn for it. Out: who asks again (`idempotency_key`), how the answer looks
    (`return_signed_url`), and the worker's version: a clip that exists is good also after an update. Fields
    without a value do not count, so that a later version may add some.
    """
    fields = {
        name: described for name in _counting(request) if (described := _described(getattr(request, name))) is not None
    }
    whole = {"mode": request.mode, "model": {"name": model.name, "revision": model.revision}, "request": fields}
    return _digest(json.dumps(whole, sort_keys=True, allow_nan=False))


def _without_urls(stored: StoredObject) -> StoredObject:
    return StoredObject(backend=stored.backend, bucket=stored.bucket, path=stored.path)


def _counting(request: GenerationRequest) -> Iterator[str]:
    for field in attrs.fields(type(request)):
        at_default = field.name in _ADDED_LATER and getattr(request, field.name) == field.default
        if field.name not in _NOT_OF_THE_CLIP and not at_default:
            yield field.name


def _described(value: object) -> object:
    """`value` as plain JSON values; a whole number is an integer, in whatever type it came."""
    if isinstance(value, _InputReference):
        return {type(value).__name__: _digest(_reference(value))}
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, tuple):
        return [_described(item) for item in value]
    if attrs.has(type(value)):
        return {field.name: _described(getattr(value, field.name)) for field in attrs.fields(type(value))}  # type: ignore[arg-type]  # has() says that it is an attrs class
    return value


def _inputs(request: GenerationRequest) -> tuple[_InputReference, ...]:
    """All that is fetched for `request`."""
    return request.pictures if request.source is None else (request.source, *request.pictures)


def _reference(given: _InputReference) -> str:
    match given:
        case InlineImage():
            return given.base64
        case StoredImage() | StoredVideo() | StoredAudio():
            return given.object.key
        case _:
            return given.url


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
