"""One GET: headers judged before the body, body counted while it comes."""

import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

import attrs
import httpcore

from adapters.http.connection import header_of, is_compressed, opened
from adapters.http.guard import Destination

TakenT = TypeVar("TakenT")
Take = Callable[[Iterator[bytes]], TakenT]
"""Makes something of a body, whose pieces come one after the other and are never more than was asked for."""

_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SERVER_ERRORS: Final = range(500, 600)


@attrs.frozen
class Redirect:
    """The host points elsewhere. `location` is as it came, maybe relative."""

    location: str = attrs.field(repr=False)  # may carry a signature


class ServerFailed(Exception):
    """The host answered with a status from 500 to 599."""


class AnswerUnusable(Exception):
    """The host answered with something that is no file. `reason` follows the field's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnswerRefused(Exception):
    """The file is too large or compressed. `reason` follows the field's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def exchange(
    destination: Destination, backend: httpcore.NetworkBackend, tls: ssl.SSLContext, max_bytes: int, take: Take[TakenT]
) -> TakenT | Redirect:
    """What `take` makes of the body at `destination`, at most `max_bytes`, or where it redirects to.

    Raises:
        ServerFailed, AnswerUnusable, AnswerRefused: see there; the last one also out of the body.
        What `opened` and `take` raise.
    """
    with opened(destination, backend, tls) as response:
        location = header_of(response, b"location")
        if response.status in _REDIRECTS and location:
            return Redirect(location)
        _check_head(response, max_bytes)
        return take(_bounded(response.iter_stream(), max_bytes))


def _check_head(response: httpcore.Response, max_bytes: int) -> None:
    if response.status in _SERVER_ERRORS:
        message = f"status {response.status}"
        raise ServerFailed(message)
    if response.status != _OK:
        reason = f"could not be fetched: its host answered with status {response.status}"
        raise AnswerUnusable(reason)
    if is_compressed(response):
        reason = "came compressed, which is not accepted"
        raise AnswerRefused(reason)
    length = header_of(response, b"content-length")
    if length and int(length) > max_bytes:  # h11 has checked that it is digits
        raise _too_large(max_bytes)


def _bounded(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    left = max_bytes
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise _too_large(max_bytes)
        yield chunk


def _too_large(max_bytes: int) -> AnswerRefused:
    return AnswerRefused(f"must be at most {max_bytes} bytes")
