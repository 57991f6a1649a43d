"""`{"mode": "sign", "path": "…"}`: a fresh URL for an object of the worker's own."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from domain.naming import ObjectPath
from domain.results import FoundObject
from entrypoints.guard import Operation
from entrypoints.replies import Reply

_FIELDS: Final = ("path",)


class SignCodec(Protocol):
    """JSON to a path, and what was found to JSON (adapters/wire)."""

    def decode_path(self, fields: Mapping[str, object]) -> ObjectPath: ...

    def encode_found(self, found: FoundObject) -> Reply: ...


def as_operation(codec: SignCodec, sign: Callable[[ObjectPath], FoundObject]) -> Operation:
    """The operation that `sign`, a SignObject, does for a job."""

    def answer(fields: Mapping[str, object]) -> Reply:
        return codec.encode_found(sign(codec.decode_path(fields)))

    return Operation(answer, _FIELDS)
