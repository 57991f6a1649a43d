"""What the tests of the guarded sender send, and how they look at a failure."""

import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Literal

import attrs
import pytest

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.http.sending import Answer, GuardedSender, SendFailed, SizedReader
from application.job_control import JobControl
from tests.support.dialler import RecordingDialler

LOOPBACK = HttpConfig(private_hosts=frozenset({"127.0.0.1"}))
HERE = AllowedHosts(frozenset({"127.0.0.1"}), setting="SOME_HOSTS")
SECRET = "sig=topsecret"  # pragma: allowlist secret
UNREACHABLE = "could not be sent to: its host could not be reached"
TOO_SLOW = "could not be sent to: its host was too slow"
BROKE_OFF = "could not be sent to: its host broke the transfer off"
LARGE = 32 << 20
"""More than the sockets of both sides hold."""


@attrs.define
class Zeros:
    """A body of zeros that is never in memory as a whole; `given` counts, `largest` is the largest block."""

    total: int
    given: int = 0
    largest: int = 0
    length: int | None = None
    """What is really there, if it is not `total`."""

    def read(self, size: int, /) -> bytes:
        block = bytes(min(size, (self.total if self.length is None else self.length) - self.given))
        self.given += len(block)
        self.largest = max(self.largest, len(block))
        return block


def send(
    url: str,
    body: bytes | SizedReader = b"{}",
    *,
    sender: GuardedSender | None = None,
    method: Literal["POST", "PUT"] = "POST",
    seconds: float = 5.0,
    control: JobControl | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    sender = sender or GuardedSender(config=LOOPBACK, hosts=HERE)
    return sender.send(method, url, body=body, headers=headers or {}, seconds=seconds, control=control or JobControl())


def failure(url: str, body: bytes | SizedReader = b"{}", **more: Any) -> str:
    with pytest.raises(SendFailed) as caught:
        send(url, body, **more)
    for private in ("127.0.0.1", "localhost", "topsecret", "example"):
        assert private not in caught.value.reason
    return caught.value.reason


def over_tls(port: int, tls: ssl.SSLContext) -> GuardedSender:
    return GuardedSender(
        hosts=AllowedHosts(frozenset({"api.example", "other.example"})),
        resolver=lambda _host, _port: [ip_address("93.184.216.34")],
        dialler=RecordingDialler(detour=port),
        tls=tls,
    )
