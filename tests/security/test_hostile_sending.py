"""Every URL of the corpus as the place to send something to: the same rules, and a canary that nobody wakes."""

import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Literal

import pytest
from typing_extensions import override

from adapters.http.addresses import Address
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.http.sending import Answer, GuardedSender, SendFailed, SendRefused
from application.job_control import JobControl
from tests.security.attack_server import AttackServer
from tests.security.canary import Canary
from tests.security.hostile_answers import answer
from tests.security.hostile_case import ATTACKER, CLOSED, HANGS, PUBLIC, HostileUrl
from tests.security.hostile_network import GOOD_URL, HostileNetwork, hostile_network
from tests.security.hostile_urls import corpus, texts

CORPUS: Final = corpus()
SHORT, LONG = 0.3, 5.0
"""Seconds that a request may take: those that use them all up get few."""
SCHEDULING: Final = 1.0
"""What a busy machine may add to a deadline."""
EVERYTHING: Final = HttpConfig(private_networks=(IPv4Network("0.0.0.0/0"), IPv6Network("::/0")))
ATTACKERS: Final = AllowedHosts(frozenset({ATTACKER, f".{ATTACKER}"}))
Method = Literal["POST", "PUT"]


class Anybody(AllowedHosts):
    """The list that lists everybody: what is left are the rules for URLs and addresses."""

    @override
    def allows(self, host: str) -> bool:
        return True


@pytest.fixture(scope="module")
def network() -> Iterator[HostileNetwork]:
    with hostile_network() as network:
        yield network


def sent(sender: GuardedSender, url: str, *, method: Method = "PUT", seconds: float = LONG) -> Answer | str:
    """The answer, or "refused" or "failed"."""
    try:
        return sender.send(method, url, body=b"clip" * 50_000, headers={}, seconds=seconds, control=JobControl())
    except SendRefused as refused:
        told, outcome = refused.reason, "refused"
    except SendFailed as failed:
        told, outcome = failed.reason, "failed"
    assert ATTACKER not in told
    assert len(told) < 200
    return outcome


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_each_ends_in_time_and_wakes_nobody(network: HostileNetwork, case: HostileUrl) -> None:
    network.cables.dialled.clear()
    before = len(network.server.asked)
    limit = SHORT if case.slow else LONG
    begin = time.monotonic()
    outcome = sent(network.sender(Anybody()), case.url, seconds=limit)
    assert time.monotonic() - begin < limit + 1.0 + SCHEDULING  # once the head is there, a second for the body
    if not case.dials:
        assert outcome == ("refused" if case.code == "input_refused" else "failed"), case.reason
    assert network.canary.reached() == []
    allowed = {(PUBLIC, 443), (PUBLIC, 80), (CLOSED, 443)} if case.dials else set()
    assert set(network.cables.dialled) <= allowed
    assert len(network.server.asked) - before <= 1  # no redirect is followed, nothing is tried again
    assert isinstance(sent(network.sender(ATTACKERS), GOOD_URL), Answer)


def test_a_post_is_no_way_round(network: HostileNetwork) -> None:
    network.cables.dialled.clear()
    for case in CORPUS:
        if not case.dials:
            assert sent(network.sender(Anybody()), case.url, method="POST") in {"refused", "failed"}, case.id
    assert network.cables.dialled == []
    assert network.canary.reached() == []


def test_with_a_list_nothing_else_is_even_resolved(network: HostileNetwork) -> None:
    """As the corpus' names are all the attacker's, another list leaves nothing."""

    def never(_host: str, _port: int) -> Sequence[Address]:
        raise AssertionError

    network.cables.dialled.clear()
    sender = network.sender(AllowedHosts(frozenset({"api.example", ".customer.example"})), resolver=never)
    for case in CORPUS:
        assert sent(sender, case.url) == "refused", case.id
    assert network.cables.dialled == []


@pytest.mark.parametrize(
    ("config", "scheme", "port"),
    [
        (HttpConfig(), "http", ""),
        (HttpConfig(allow_http=True), "http", ""),
        (HttpConfig(private_hosts=frozenset({"store.inside"})), "http", ":8080"),
    ],
    ids=["default", "http allowed", "a private host"],
)
def test_no_setting_opens_more_than_it_names(
    network: HostileNetwork, config: HttpConfig, scheme: str, port: str
) -> None:
    network.cables.dialled.clear()
    for case in texts(scheme, port):
        assert sent(network.sender(Anybody(), config), case.url) == "refused", case.id
    assert network.cables.dialled == []


CONTROLS: Final = [case for case in CORPUS if case.family in {"literal", "name"}]


@pytest.mark.parametrize("case", CONTROLS, ids=lambda case: case.id)
def test_only_the_address_rules_keep_the_canary_asleep(network: HostileNetwork, case: HostileUrl) -> None:
    """The counter-test: with every network allowed, the same URLs wake it."""
    assert sent(network.sender(Anybody(), EVERYTHING), case.url) == "failed"
    assert len(network.canary.reached()) == 1


def test_a_resolver_that_hangs_is_not_waited_for(network: HostileNetwork) -> None:
    begin = time.monotonic()
    assert sent(network.sender(ATTACKERS), f"https://{HANGS}/", seconds=SHORT) == "failed"
    assert time.monotonic() - begin < SHORT + SCHEDULING


@pytest.mark.parametrize("then", ["127.0.0.2", "::1"])
def test_real_sockets_go_to_the_checked_address(then: str) -> None:
    """The name moves after the check; a canary has the same port on the other loopback addresses."""
    asked: list[str] = []

    def moving(host: str, _port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1" if len(asked) == 1 else then)]

    config = HttpConfig(private_networks=(IPv4Network("127.0.0.1/32"),))
    with AttackServer({"/put": answer(b"ok")}) as server, Canary(server.port) as canary:
        sender = GuardedSender(config=config, hosts=ATTACKERS, resolver=moving)
        url = f"http://moving.{ATTACKER}:{server.port}/put"
        assert isinstance(sent(sender, url), Answer)
        assert sent(sender, url) == "refused"
        assert canary.reached() == []
    assert asked == [f"moving.{ATTACKER}"] * 2
