"""One GET: headers judged before the body, body counted while it comes."""

import ssl
from collections.abc import Iterable
from typing import Final

import attrs
import httpcore

from adapters.http.connection import header_of, is_compressed, opened
from adapters.http.guard import Destination

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
    destination: Destination, backend: httpcore.NetworkBackend, tls: ssl.SSLContext, max_bytes: int
) -> bytes | Redirect:
    """The body at `destination`, at most `max_bytes`, or where it redirects to.

    Raises:
        ServerFailed, AnswerUnusable, AnswerRefused: see there.
        What `opened` raises.
    """
    with opened(destination, backend, tls) as response:
        location = header_of(response, b"location")
        if response.status in _REDIRECTS and location:
            return Redirect(location)
        _check_head(response, max_bytes)
        return _collect(response.iter_stream(), max_bytes)


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


def _collect(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        if len(body) + len(chunk) > max_bytes:
            raise _too_large(max_bytes)
        body += chunk
    return bytes(body)


def _too_large(max_bytes: int) -> AnswerRefused:
    return AnswerRefused(f"must be at most {max_bytes} bytes")
