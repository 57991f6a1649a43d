"""The internet as an attacker has it: one public server that is theirs; every other address is the canary."""

import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import httpcore
from httpcore import SOCKET_OPTION
from typing_extensions import override

from adapters.http.addresses import Address
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from adapters.http.sending import GuardedSender
from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import InProcessDecoder
from adapters.image_fetcher.fetcher import PictureFetcher
from tests.security.attack_server import AttackServer
from tests.security.canary import Canary
from tests.security.hostile_answers import GOOD, answer
from tests.security.hostile_case import ATTACKER, CLOSED, HANGS, PUBLIC
from tests.security.hostile_urls import corpus, scripts
from tests.support.certificates import make_certificate

GOOD_URL = f"https://{ATTACKER}/good.png"
Resolve = Callable[[str, int], Sequence[Address]]


class Cables(httpcore.NetworkBackend):
    """Connects for real, and keeps each (address, port) in `dialled`.

    `routes` says where an address leads, as (address, port) -> port of 127.0.0.1; port None there: nobody listens.
    What has no route leads to the canary.
    """

    def __init__(self, canary: Canary, routes: Mapping[tuple[str, int], int | None]) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._canary = canary
        self._routes = routes
        self._real = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append((host, port))
        if (host, port) not in self._routes:
            return self._real.connect_tcp(self._canary.hosts[0], self._canary.port, timeout)
        there = self._routes[host, port]
        if there is None:
            message = "connection refused"
            raise httpcore.ConnectError(message)
        return self._real.connect_tcp("127.0.0.1", there, timeout)


@attrs.frozen(eq=False)
class HostileNetwork:
    """`with hostile_network() as network:`.

    `fetcher()` is production's, with this network under it: its own code decides what is resolved and dialled.
    """

    canary: Canary
    server: AttackServer
    cables: Cables
    tls: ssl.SSLContext
    stopping: threading.Event
    names: Mapping[str, tuple[str, ...]]

    def resolve(self, host: str, _port: int) -> Sequence[Address]:
        """As the corpus says; the attacker's other hosts are at PUBLIC, and no other name exists."""
        if host == HANGS:
            self.stopping.wait(30)
        if host in self.names:
            return [ip_address(address) for address in self.names[host]]
        if host == ATTACKER or host.endswith("." + ATTACKER):
            return [ip_address(PUBLIC)]
        message = "Name or service not known"
        raise socket.gaierror(message)

    def client(self, config: HttpConfig | None = None, resolver: Resolve | None = None) -> GuardedClient:
        return GuardedClient(
            config=config or HttpConfig(),
            resolver=resolver or self.resolve,
            tls=self.tls,
            dialler=self.cables,
            sleep=lambda _: None,
        )

    def sender(
        self, hosts: AllowedHosts, config: HttpConfig | None = None, resolver: Resolve | None = None
    ) -> GuardedSender:
        return GuardedSender(
            config=config or HttpConfig(),
            hosts=hosts,
            resolver=resolver or self.resolve,
            tls=self.tls,
            dialler=self.cables,
        )

    def fetcher(self, config: HttpConfig | None = None, *, seconds: float = 0.5) -> PictureFetcher:
        return PictureFetcher(
            client=self.client(config),
            decoder=InProcessDecoder(),
            limits=ImageLimits(max_bytes=1_000_000, seconds=seconds),
        )


@contextmanager
def hostile_network() -> Iterator[HostileNetwork]:
    """A network with the whole corpus on it."""
    stopping = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder) / "attacker.pem", ATTACKER, f"*.{ATTACKER}")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        trusting = ssl.create_default_context(cafile=str(certificate))
    answers = {**scripts(), "/good.png": answer(GOOD)}
    names = {host: case.answers for case in corpus() if case.answers and (host := urlsplit(case.url).hostname)}
    with Canary() as canary, AttackServer(answers, tls) as server:
        routes = {(PUBLIC, 443): server.port, (PUBLIC, 80): server.mute_port, (CLOSED, 443): None}
        yield HostileNetwork(canary, server, Cables(canary, routes), trusting, stopping, names)
        stopping.set()
