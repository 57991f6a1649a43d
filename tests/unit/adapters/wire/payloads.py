"""Payloads to begin with, and how the wrong ones are told."""

import pytest

from adapters.wire.requests import decode_request
from domain.errors import InvalidInput

HUGE = 10**400


def refused(raw: object, path: str = "") -> list[str]:
    """Each fault of `raw`, as `error` joins them."""
    with pytest.raises(InvalidInput) as error:
        decode_request(raw, path)
    assert error.value.message == ("Invalid input: " + "; ".join(map(str, error.value.faults)))[:2000]
    return [str(fault) for fault in error.value.faults]


def with_prompt(**fields: object) -> dict[str, object]:
    return {"prompt": "a lake", **fields}
