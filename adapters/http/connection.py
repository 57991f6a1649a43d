"""One request to an admitted destination, on a connection of its own."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

import httpcore

from adapters.http.guard import Destination

Method = Literal["GET", "POST", "PUT"]

_CONNECT_SECONDS: Final = 5.0
_STEP_SECONDS: Final = 10.0
_HEADERS: Final = {
    "User-Agent": "ltx2-runpod-worker",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # a compressed body could grow without bound
    "Connection": "close",
}

_NO_HEADERS: Final[Mapping[str, str]] = {}


def step_timeouts() -> dict[str, float]:
    """Seconds that single steps may take; the budget bounds their sum."""
    return {"connect": _CONNECT_SECONDS, "read": _STEP_SECONDS, "write": _STEP_SECONDS, "pool": _CONNECT_SECONDS}


@contextmanager
def opened(
    destination: Destination,
    backend: httpcore.NetworkBackend,
    tls: ssl.SSLContext,
    *,
    method: Method = "GET",
    headers: Mapping[str, str] = _NO_HEADERS,
    content: Iterator[bytes] | None = None,
    timeouts: dict[str, float] | None = None,
) -> Iterator[httpcore.Response]:
    """The answer's head, its body still to come. The connection ends with the block, wherever the body stands.

    httpcore is used without httpx: no cookies, no decoders, no proxies from the environment, and httpx logs every
    URL with its signature. A pool per request keeps no connection from one job to the next. No redirect is followed.
    `content` needs a Content-Length among `headers`, and has to keep it. `timeouts` are `step_timeouts()`; "read" may
    be changed before the body is asked for.

    Raises:
        httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError: the transfer failed.
        What `backend` and `content` raise.
    """
    url = destination.url
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=destination.port, target=url.raw_path)
    lines = [("Host", url.netloc.decode("ascii")), *_HEADERS.items(), *headers.items()]
    extensions = {"timeout": timeouts or step_timeouts()}
    with (
        httpcore.ConnectionPool(
            ssl_context=tls, network_backend=backend, max_connections=1, http1=True, http2=False, retries=0
        ) as pool,
        pool.stream(method, target, headers=lines, content=content, extensions=extensions) as response,
    ):
        yield response


def header_of(response: httpcore.Response, name: bytes) -> str:
    """The value of the header `name`, in lower case, several joined as RFC 9110 says, "" without one."""
    values = (value for key, value in response.headers if key.lower() == name)
    return b", ".join(values).decode("latin-1").strip()


def is_compressed(response: httpcore.Response) -> bool:
    """Whether the body came in another coding than the one that was asked for."""
    codings = header_of(response, b"content-encoding").lower().split(",")
    return not {coding.strip() for coding in codings} <= {"", "identity"}
