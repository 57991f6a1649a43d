"""Every URL of the corpus through the real fetcher: its code, its deadline, and a canary that nobody wakes."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest

from adapters.http.config import HttpConfig
from application.job_control import JobControl
from domain.errors import InputUnavailable, WorkerError
from domain.requests import ImageUrl
from tests.security.hostile_case import CLOSED, PUBLIC, HostileUrl
from tests.security.hostile_hosts import CARRIERS, SPECIAL, forbidden_addresses, spellings
from tests.security.hostile_network import GOOD_URL, HostileNetwork, hostile_network
from tests.security.hostile_urls import corpus, texts

CORPUS = corpus()
SHORT, LONG = 0.3, 5.0
"""Seconds that a download may take: those that use them all up get few."""
SCHEDULING = 1.0
"""What a busy machine may add to a deadline."""

EVERYTHING = HttpConfig(private_networks=(IPv4Network("0.0.0.0/0"), IPv6Network("::/0")))
OPERATORS = HttpConfig(
    private_hosts=frozenset({"pictures.inside"}),
    private_networks=(IPv4Network("10.20.0.0/16"), IPv4Network("127.0.0.1/32")),
)


@pytest.fixture(scope="module")
def network() -> Iterator[HostileNetwork]:
    with hostile_network() as network:
        yield network


def fetched(network: HostileNetwork, url: str, config: HttpConfig | None = None, seconds: float = LONG) -> str:
    """The code that a job with this picture would end with; "ok" if it got one."""
    try:
        network.fetcher(config, seconds=seconds).fetch(ImageUrl(url), JobControl())
    except WorkerError as error:
        failed = error
    else:
        return "ok"
    assert failed.message.startswith("image_url ")
    assert [fault.path for fault in failed.faults] == ["image_url"]
    return failed.code


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_each_ends_with_its_code_in_time_and_wakes_nobody(network: HostileNetwork, case: HostileUrl) -> None:
    network.cables.dialled.clear()
    limit = SHORT if case.slow else LONG
    begin = time.monotonic()
    code = fetched(network, case.url, seconds=limit)
    assert time.monotonic() - begin < limit + SCHEDULING
    assert code == case.code, case.reason
    assert network.canary.reached() == []
    assert set(network.cables.dialled) <= ({(PUBLIC, 443), (PUBLIC, 80), (CLOSED, 443)} if case.dials else set())
    assert fetched(network, GOOD_URL) == "ok"


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CORPUS) >= 60
    assert max(Counter(case.id for case in CORPUS).values()) == 1


@pytest.mark.parametrize(
    ("config", "scheme", "port"),
    [
        (HttpConfig(), "http", ""),
        (HttpConfig(allow_http=True), "http", ""),
        (HttpConfig(allow_http=True), "http", ":443"),
        (OPERATORS, "https", ""),
        (OPERATORS, "http", ":8080"),
    ],
    ids=["default", "http allowed", "http allowed on 443", "private hosts", "private hosts on any port"],
)
def test_no_setting_opens_more_than_it_names(
    network: HostileNetwork, config: HttpConfig, scheme: str, port: str
) -> None:
    network.cables.dialled.clear()
    for case in texts(scheme, port):
        if config is OPERATORS and case.id == "literal: loopback":
            continue  # the one address that is named
        assert fetched(network, case.url, config) == "input_refused", case.id
    assert network.cables.dialled == []
    assert network.canary.reached() == []


UNNAMEABLE = [
    *(SPECIAL[name] for name in SPECIAL if "metadata" in name or "multicast" in name),
    *(forbidden_addresses()[f"{carrier} 169.254.169.254"] for carrier in CARRIERS),
    "0.0.0.0", "::", "fe80::1", "255.255.255.255", "168.63.129.16", "fd00:c1::a9fe:a9fe", "fd00:42::42",
    "64:ff9b:1:0:64:6464:c800:0",
]  # fmt: skip
"""The last one is 100.100.100.200 in local NAT64, in the layout for a prefix of 64 bits (RFC 6052, 2.2)."""


@pytest.mark.parametrize("address", UNNAMEABLE)
def test_a_named_host_that_moves_to_a_metadata_service_is_not_followed(network: HostileNetwork, address: str) -> None:
    network.cables.dialled.clear()
    client = network.client(OPERATORS, lambda _host, _port: [ip_address(address)])
    with pytest.raises(InputUnavailable):
        client.get("http://pictures.inside:9000/", path="p", max_bytes=9, seconds=LONG, control=JobControl())
    assert network.cables.dialled == []


CONTROLS = [
    case
    for case in CORPUS
    if case.family in {"literal", "name"} or (case.family == "mixed name" and case.name.endswith(" first"))
]


@pytest.mark.parametrize("case", CONTROLS, ids=lambda case: case.id)
def test_only_the_address_rules_keep_the_canary_asleep(network: HostileNetwork, case: HostileUrl) -> None:
    """The counter-test: with every network allowed, the same URLs wake it."""
    assert fetched(network, case.url, EVERYTHING) == "input_unavailable"
    assert len(network.canary.reached()) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_only_the_address_rules_stop_redirects(network: HostileNetwork, status: int) -> None:
    case = next(case for case in CORPUS if case.id == f"redirect: status {status}")
    assert fetched(network, case.url, EVERYTHING) == "input_unavailable"
    assert len(network.canary.reached()) == 1


def test_the_system_takes_the_spellings_for_the_canary(network: HostileNetwork) -> None:
    """The counter-test: without the guard's canonical form they reach it, as glibc reads them."""
    for how, host in spellings(network.canary.hosts[0]):
        if how in {"decimal", "hex", "octal", "dotted hex", "dotted octal", "mixed bases", "two parts", "three parts"}:
            socket.create_connection((host, network.canary.port), timeout=LONG).close()
    assert len(network.canary.reached()) == 8
