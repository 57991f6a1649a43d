"""How a refusal names the request's field."""

from typing import TypeVar

from domain.errors import Fault, WorkerError

ErrorT = TypeVar("ErrorT", bound=WorkerError)


def at_field(error: type[ErrorT], path: str, message: str) -> ErrorT:
    """An `error` about the field `path`; `message` goes on from the field's name: "must be an https URL"."""
    fault = Fault(path, message)
    return error(str(fault), faults=(fault,))
