"""POST and PUT to URLs that a stranger chose."""

import contextlib
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Final, Literal, Protocol

import attrs
import httpcore

from adapters.http.addresses import AddressRules
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.budget import OutOfTime, TimeBudget
from adapters.http.client import default_tls
from adapters.http.config import HttpConfig
from adapters.http.connection import is_compressed, opened, step_timeouts
from adapters.http.guard import Destination, UrlGuard, UrlRefused
from adapters.http.network import AddressRefused, GuardedBackend, TlsFailed
from adapters.http.resolving import NameNotResolved, Resolver, system_resolver
from application.job_control import JobControl

_BLOCK: Final = 1 << 16
MAX_ANSWER: Final = 4096
"""Bytes of an answer's body that are read: a store's error text fits."""
ANSWER_SECONDS: Final = 10.0
"""How long the head of an answer is waited for, unless the caller knows better."""
_BODY_SECONDS: Final = 1.0
"""How long the rest of an answer is waited for once its head is there: nothing depends on it."""


class SizedReader(Protocol):
    """A body that is read while it is sent: `total` bytes in all, up to `size` at a time."""

    total: int

    def read(self, size: int, /) -> bytes: ...


class SendRefused(Exception):
    """The rules forbid a URL. `reason` follows the field's name, and says nothing but what the URL itself shows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SendFailed(Exception):
    """The host gave no answer. `reason` names no host, address or query; whether the body arrived is not known."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@attrs.frozen
class Answer:
    """What the host said, whatever the status. `headers` by their names in lower case.

    `body` is the beginning of what came, at most 4 KiB; b"" if it came compressed. It is the stranger's text.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True, eq=False)
class GuardedSender:
    """Sends within limits, to allowed hosts only. Has no state: nothing of one request is there in the next.

    The rules for URLs and addresses are those of `GuardedClient`: checked addresses are dialled, proxies of the
    environment are not asked. `resolver`, `tls` and `dialler` are there to be replaced in tests.
    """

    config: HttpConfig = HttpConfig()
    hosts: AllowedHosts = AllowedHosts()
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext = attrs.field(factory=default_tls)
    dialler: httpcore.NetworkBackend = attrs.field(factory=httpcore.SyncBackend)

    def check(self, url: str) -> None:
        """Return if something may be sent to `url`, as far as its text tells. Nothing is resolved or dialled.

        Raises:
            SendRefused: its form, scheme, port, address or host is forbidden.
        """
        self._admitted(url)

    def send(
        self,
        method: Literal["POST", "PUT"],
        url: str,
        *,
        body: bytes | SizedReader,
        headers: Mapping[str, str],
        seconds: float,
        control: JobControl,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """The answer to one attempt, within `seconds` and the job's deadline. A redirect is an answer like another.

        `answer_seconds` bounds the wait for an answer once the body is sent: a store may first write it down.

        Content-Length is sent; `headers` must not hold it, nor Host. A host may answer before it has read the body.

        Raises:
            SendRefused: see `check`; also for a URL that may only lead to the operator's networks and does not.
            SendFailed: no answer came.
            DeadlineExceeded, Cancelled: from `control.check()`.
            What `body.read` raises.
        """
        budget = TimeBudget.start(seconds, control)
        destination = self._admitted(url)
        try:
            return self._exchange(method, destination, body, headers, budget, answer_seconds=answer_seconds)
        except (AddressRefused, NameNotResolved) as exc:
            if destination.refusal is not None:
                raise SendRefused(destination.refusal) from exc
            raise SendFailed(_UNREACHABLE) from exc
        except _FAILURES as exc:
            control.check()  # a step that the job's deadline cut short looks like a slow host
            raise SendFailed(_reason(exc)) from exc

    def _admitted(self, url: str) -> Destination:
        try:
            destination = UrlGuard(self.config).admit(url)
        except UrlRefused as exc:
            raise SendRefused(exc.reason) from exc
        refusal = self.hosts.refusal(destination.url.raw_host.decode("ascii"))
        if refusal is not None:
            raise SendRefused(refusal)
        return destination

    def _exchange(
        self,
        method: Literal["POST", "PUT"],
        destination: Destination,
        body: bytes | SizedReader,
        headers: Mapping[str, str],
        budget: TimeBudget,
        *,
        answer_seconds: float,
    ) -> Answer:
        backend = GuardedBackend(
            rules=AddressRules(self.config.private_networks),
            reach=destination.reach,
            resolver=self.resolver,
            budget=budget,
            dialler=self.dialler,
        )
        total = len(body) if isinstance(body, bytes) else body.total
        sized = {**headers, "Content-Length": str(total)}
        blocks = _in_memory(body) if isinstance(body, bytes) else _read(body)
        timeouts = step_timeouts() | {"read": answer_seconds}
        with opened(
            destination, backend, self.tls, method=method, headers=sized, content=blocks, timeouts=timeouts
        ) as response:
            timeouts["read"] = _BODY_SECONDS
            names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(response.status, names, b"" if is_compressed(response) else _beginning(response))


def _in_memory(body: bytes) -> Iterator[bytes]:
    return (body[start : start + _BLOCK] for start in range(0, len(body), _BLOCK))


def _read(body: SizedReader) -> Iterator[bytes]:
    left = body.total
    while left:
        block = body.read(min(_BLOCK, left))
        if not block:
            reason = "what was to be sent ended early"
            raise SendFailed(reason)
        left -= len(block)
        yield block


def _beginning(response: httpcore.Response) -> bytes:
    """The first bytes of the body. One that breaks off or drips ends where it is: the head has said what counts."""
    body = bytearray()
    ends_at = time.monotonic() + _BODY_SECONDS
    with contextlib.suppress(*_FAILURES):
        for chunk in response.iter_stream():
            body += chunk
            if len(body) >= MAX_ANSWER or time.monotonic() >= ends_at:
                break
    return bytes(body[:MAX_ANSWER])


_UNREACHABLE: Final = "could not be sent to: its host could not be reached"
_FAILURES: Final = (
    TlsFailed,
    OutOfTime,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


def _reason(exc: Exception) -> str:
    match exc:
        case OutOfTime() | httpcore.ReadTimeout() | httpcore.WriteTimeout():
            return "could not be sent to: its host was too slow"
        case httpcore.ReadError() | httpcore.WriteError() | httpcore.ProtocolError():
            return "could not be sent to: its host broke the transfer off"
        case _:
            return _UNREACHABLE
