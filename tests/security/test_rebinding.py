"""Names that change their address between the check and the connection, between tries, and between hops."""

import random
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import IPv4Network, ip_address

import attrs
import httpcore
import pytest
from httpcore import SOCKET_OPTION
from typing_extensions import override

from adapters.http.addresses import Address
from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from application.job_control import JobControl
from domain.errors import InputRefused, InputUnavailable, WorkerError
from tests.security.attack_server import AttackServer
from tests.security.canary import Canary
from tests.security.hostile_answers import GOOD, answer, redirect
from tests.security.hostile_case import ATTACKER, CLOSED, PUBLIC
from tests.security.hostile_network import GOOD_URL, HostileNetwork, hostile_network

INSIDE = "127.0.0.2"
UNREACHABLE = "image_url could not be fetched: its host could not be reached"
MOVING = f"https://moving.{ATTACKER}"


@attrs.frozen
class Moving:
    """A resolver: each question gets the next answer, the last one for ever. `asked` counts."""

    answers: list[tuple[str, ...]]
    asked: list[str] = attrs.field(factory=list)

    def __call__(self, host: str, _port: int) -> Sequence[Address]:
        self.asked.append(host)
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(address) for address in now]


@pytest.fixture(scope="module")
def _network() -> Iterator[HostileNetwork]:
    with hostile_network() as network:
        yield network


@pytest.fixture
def network(_network: HostileNetwork) -> Iterator[HostileNetwork]:
    """With nothing dialled yet; afterwards, nobody was woken."""
    _network.cables.dialled.clear()
    yield _network
    assert _network.canary.reached() == []


def get(client: GuardedClient, url: str) -> bytes:
    return client.get(url, path="image_url", max_bytes=10_000, seconds=5, control=JobControl())


def test_the_second_answer_is_never_asked_for(network: HostileNetwork) -> None:
    moving = Moving([(PUBLIC,), (INSIDE,)])
    assert get(network.client(resolver=moving), f"{MOVING}/good.png") == GOOD
    assert moving.asked == [f"moving.{ATTACKER}"]
    assert network.cables.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize("first", [(CLOSED,), (CLOSED, CLOSED, CLOSED)], ids=["one address", "three addresses"])
def test_a_name_that_moves_between_two_tries_is_refused(network: HostileNetwork, first: tuple[str, ...]) -> None:
    moving = Moving([first, (INSIDE,)])
    with pytest.raises(InputUnavailable) as caught:
        get(network.client(resolver=moving), f"{MOVING}/good.png")
    assert caught.value.message == UNREACHABLE
    assert network.cables.dialled == [(CLOSED, 443)] * len(first)


def test_a_name_that_moves_while_its_server_fails_is_refused(network: HostileNetwork) -> None:
    moving = Moving([(PUBLIC,), (PUBLIC,), (INSIDE,)])
    with pytest.raises(InputUnavailable, match="could not be reached"):
        get(network.client(resolver=moving), f"{MOVING}/answer-failing-for-ever")
    assert network.cables.dialled == [(PUBLIC, 443)] * 2


@pytest.mark.parametrize("location", ["/good.png", f"{MOVING}/good.png", f"https://other.{ATTACKER}/good.png"])
def test_a_name_that_moves_between_two_hops_is_refused(network: HostileNetwork, location: str) -> None:
    network.server.add("/moves", redirect(location))
    with pytest.raises(InputUnavailable) as caught:
        get(network.client(resolver=Moving([(PUBLIC,), (INSIDE,)])), f"{MOVING}/moves")
    assert caught.value.message == UNREACHABLE
    assert network.cables.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_answers_are_only_checked_ones_are_dialled(network: HostileNetwork, seed: int) -> None:
    """Each question gets another mixture; the server redirects and fails at will."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    public = [PUBLIC, PUBLIC, CLOSED]
    inside = [INSIDE, "169.254.169.254", "::1", "10.0.0.1", "64:ff9b::7f00:2"]
    served: list[tuple[str, ...]] = []

    def resolver(_host: str, _port: int) -> Sequence[Address]:
        pool = public if chance.random() < 0.7 else public + inside
        served.append(tuple(chance.choices(pool, k=chance.randint(1, 3))))
        return [ip_address(address) for address in served[-1]]

    network.server.add("/again", redirect(chance.choice(["/good.png", "/again", "/answer-failing-for-ever"])))
    try:
        get(network.client(resolver=resolver), f"{MOVING}/again")
    except (InputRefused, InputUnavailable):
        """Either is right; where it went is what counts."""
    clean = {address for answers in served if not set(answers) & set(inside) for address in answers}
    assert {address for address, _ in network.cables.dialled} <= clean


def test_no_connection_is_kept_for_another_download_or_host(network: HostileNetwork) -> None:
    """Both hosts are at one address, and the server would keep its connections open."""
    client = network.client()
    assert get(client, GOOD_URL) == GOOD
    assert get(client, GOOD_URL) == GOOD
    assert get(client, f"https://second.{ATTACKER}/good.png") == GOOD
    assert network.cables.dialled == [(PUBLIC, 443)] * 3


def test_a_connection_to_the_same_address_is_not_another_hosts(network: HostileNetwork) -> None:
    client = network.client(resolver=Moving([(PUBLIC,)]))
    assert get(client, GOOD_URL) == GOOD
    with pytest.raises(InputUnavailable, match="could not be reached"):
        get(client, "https://not-the-attackers.test/good.png")


@pytest.mark.parametrize("target", ["https://not-the-attackers.test/good.png", f"https://{PUBLIC}/good.png"])
def test_the_certificate_is_checked_for_the_name_of_each_hop(network: HostileNetwork, target: str) -> None:
    network.server.add("/elsewhere", redirect(target))
    before = len(network.server.asked)
    with pytest.raises(InputUnavailable, match="could not be reached"):
        get(network.client(resolver=Moving([(PUBLIC,)])), f"{MOVING}/elsewhere")
    assert [asked.path for asked in network.server.asked[before:]] == ["/elsewhere"]


class Witness(httpcore.NetworkBackend):
    """Connects for real; `asked_for` has what it was told, `peers` whom the sockets are connected to."""

    def __init__(self) -> None:
        self.asked_for: list[str] = []
        self.peers: list[str] = []
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
        self.asked_for.append(host)
        stream = self._real.connect_tcp(host, port, timeout, local_address, socket_options)
        self.peers.append(stream.get_extra_info("server_addr")[0])
        return stream


ONE_ADDRESS = HttpConfig(private_networks=(IPv4Network("127.0.0.1/32"),))


def moves_on_real_sockets(path: str, resolver: Callable[[str, int], Sequence[Address]]) -> tuple[Witness, str]:
    """Ask a plain server on 127.0.0.1, with a canary on the same port of the other loopback addresses."""
    scripts = {"/good.png": answer(GOOD), "/again": redirect("/good.png"), "/fails": answer(status="500 Oops")}
    witness = Witness()
    with AttackServer(scripts) as server, Canary(server.port) as canary:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client = GuardedClient(config=ONE_ADDRESS, resolver=resolver, dialler=witness, tls=tls, sleep=lambda _: None)
        try:
            outcome = "ok" if get(client, f"http://moving.{ATTACKER}:{server.port}{path}") == GOOD else "other bytes"
        except WorkerError as error:
            outcome = error.code
        assert canary.reached() == []
    return witness, outcome


@pytest.mark.parametrize(
    ("path", "outcome"), [("/good.png", "ok"), ("/again", "input_refused"), ("/fails", "input_refused")]
)
@pytest.mark.parametrize("then", [("127.0.0.2",), ("127.0.0.1", "127.0.0.3"), ("::1",)])
def test_real_sockets_go_to_the_checked_address(path: str, outcome: str, then: tuple[str, ...]) -> None:
    witness, ended = moves_on_real_sockets(path, Moving([("127.0.0.1",), then]))
    assert ended == outcome
    assert witness.asked_for == ["127.0.0.1"]
    assert witness.peers == ["127.0.0.1"]
