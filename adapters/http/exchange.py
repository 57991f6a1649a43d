"""One GET: headers judged before the body, body counted while it comes."""

import ssl
from collections.abc import Iterable
from typing import Final

import attrs
import httpcore

from adapters.http.guard import Destination

_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 10.0
_TIMEOUTS: Final = {
    "connect": _CONNECT_SECONDS,
    "read": _READ_SECONDS,
    "write": _READ_SECONDS,
    "pool": _CONNECT_SECONDS,
}
"""Of single steps; the budget bounds their sum."""

_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SERVER_ERRORS: Final = range(500, 600)

_HEADERS: Final = (
    ("User-Agent", "ltx2-runpod-worker"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),  # a compressed body could grow without bound
    ("Connection", "close"),
)


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

    httpcore is used without httpx: no cookies, no decoders, no proxies from the environment, and httpx logs every
    URL with its signature. A pool per exchange keeps no connection from one job to the next.

    Raises:
        ServerFailed, AnswerUnusable, AnswerRefused: see there.
        httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError: the transfer failed.
        What `backend` raises.
    """
    url = destination.url
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=destination.port, target=url.raw_path)
    headers = [("Host", url.netloc.decode("ascii")), *_HEADERS]
    with (
        httpcore.ConnectionPool(
            ssl_context=tls, network_backend=backend, max_connections=1, http1=True, http2=False, retries=0
        ) as pool,
        pool.stream("GET", target, headers=headers, extensions={"timeout": _TIMEOUTS}) as response,
    ):
        location = _header(response, b"location")
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
    codings = _header(response, b"content-encoding").lower().split(",")
    if not {coding.strip() for coding in codings} <= {"", "identity"}:
        reason = "came compressed, which is not accepted"
        raise AnswerRefused(reason)
    length = _header(response, b"content-length")
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


def _header(response: httpcore.Response, name: bytes) -> str:
    """The value of the header `name`, several joined as RFC 9110 says, "" without one."""
    values = (value for key, value in response.headers if key.lower() == name)
    return b", ".join(values).decode("latin-1").strip()
