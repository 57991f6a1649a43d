"""How this package says what is wrong with an adapter: in one sentence, and as a fault of the request's field."""

from typing import Final, TypeVar

from domain.errors import Fault, WorkerError

E = TypeVar("E", bound=WorkerError)

_MAX_MESSAGE: Final = 400
"""Characters. A file's header may have a hundred megabytes, and messages repeat the names of its tensors."""


def failure(kind: type[E], where: str, message: str) -> E:
    """An error of `kind` about the adapter at `where` ("loras[0]")."""
    short = message if len(message) <= _MAX_MESSAGE else message[: _MAX_MESSAGE - 1] + "…"
    return kind(f"{where}: {short}", faults=(Fault(where, short),))
