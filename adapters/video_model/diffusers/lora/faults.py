"""How this package says what is wrong with an adapter: in one sentence, and as a fault of the request's field."""

from typing import TypeVar

from domain.errors import Fault, WorkerError

E = TypeVar("E", bound=WorkerError)


def failure(kind: type[E], where: str, message: str) -> E:
    """An error of `kind` about the adapter at `where` ("loras[0]")."""
    return kind(f"{where}: {message}", faults=(Fault(where, message),))
