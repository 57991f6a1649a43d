"""What is dialled for a name."""

import threading
from collections.abc import Sequence
from ipaddress import IPv4Network, ip_address

import httpcore
import pytest
from typing_extensions import override

from adapters.http.addresses import Address, AddressRules, Reach
from adapters.http.budget import OutOfTime, TimeBudget
from adapters.http.network import AddressRefused, BudgetedStream, GuardedBackend
from adapters.http.resolving import NameNotResolved, Resolver, system_resolver
from application.job_control import JobControl
from domain.errors import DeadlineExceeded
from tests.support.dialler import RecordingDialler
from tests.support.http_server import serving

PUBLIC = "93.184.216.34"


def answers(*addresses: str) -> Resolver:
    """A resolver that answers every name so."""
    return lambda _host, _port: [ip_address(address) for address in addresses]


def backend(
    resolver: Resolver,
    dialler: RecordingDialler,
    *,
    reach: Reach = "open",
    rules: AddressRules = AddressRules(),  # noqa: B008 - frozen
    budget: TimeBudget | None = None,
) -> GuardedBackend:
    return GuardedBackend(
        rules=rules,
        reach=reach,
        resolver=resolver,
        budget=budget or TimeBudget.start(5.0, JobControl()),
        dialler=dialler,
    )


def test_the_checked_address_is_dialled_not_the_name() -> None:
    with serving() as server:
        dialler = RecordingDialler(detour=server.port)
        backend(answers(PUBLIC), dialler).connect_tcp("example.com", 443).close()
    assert dialler.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize("order", [(PUBLIC, "127.0.0.1"), ("127.0.0.1", PUBLIC), (PUBLIC, "::ffff:127.0.0.1")])
def test_one_forbidden_answer_refuses_the_name(order: tuple[str, ...]) -> None:
    dialler = RecordingDialler()
    with pytest.raises(AddressRefused):
        backend(answers(*order), dialler).connect_tcp("example.com", 443)
    assert dialler.dialled == []


def test_a_name_that_moves_is_asked_once() -> None:
    """Rebinding: the first answer is public, the second would be loopback."""
    moves = [PUBLIC, "127.0.0.1"]

    def resolver(_host: str, _port: int) -> Sequence[Address]:
        return [ip_address(moves.pop(0))]

    with serving() as server:
        dialler = RecordingDialler(detour=server.port)
        backend(resolver, dialler).connect_tcp("example.com", 443).close()
    assert dialler.dialled == [(PUBLIC, 443)]
    assert moves == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:7f00:1"])
def test_literals_are_checked_here_too(host: str) -> None:
    dialler = RecordingDialler()
    with pytest.raises(AddressRefused):
        backend(answers(PUBLIC), dialler).connect_tcp(host, 443)
    assert dialler.dialled == []


def test_the_next_address_is_tried_when_one_is_closed() -> None:
    with serving() as server:
        dialler = RecordingDialler(detour=server.port, closed=["2606:4700::1111"])
        backend(answers("2606:4700::1111", PUBLIC), dialler).connect_tcp("example.com", 443).close()
    assert dialler.dialled == [("2606:4700::1111", 443), (PUBLIC, 443)]


def test_three_addresses_are_tried_at_most() -> None:
    dialler = RecordingDialler()
    with pytest.raises(httpcore.ConnectError):
        backend(answers(*(f"1.1.1.{n}" for n in range(1, 9))), dialler).connect_tcp("example.com", 443)
    assert [address for address, _ in dialler.dialled] == ["1.1.1.1", "1.1.1.2", "1.1.1.3"]


def test_inside_names_reach_the_operators_networks_only() -> None:
    rules = AddressRules((IPv4Network("10.0.0.0/8"),))
    with serving() as server:
        dialler = RecordingDialler(detour=server.port)
        backend(answers("10.0.0.1"), dialler, reach="inside", rules=rules).connect_tcp("store", 80).close()
        with pytest.raises(AddressRefused):
            backend(answers(PUBLIC), dialler, reach="inside", rules=rules).connect_tcp("store", 80)
    assert dialler.dialled == [("10.0.0.1", 80)]


def test_names_without_an_address_are_not_resolved() -> None:
    def fails(_host: str, _port: int) -> Sequence[Address]:
        message = "Name or service not known"
        raise OSError(message)

    for resolver in (fails, answers()):
        with pytest.raises(NameNotResolved):
            backend(resolver, RecordingDialler()).connect_tcp("example.com", 443)


def test_a_resolver_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hangs(_host: str, _port: int) -> Sequence[Address]:
        release.wait(10)
        return [ip_address(PUBLIC)]

    dialler = RecordingDialler()
    try:
        with pytest.raises(NameNotResolved):
            backend(hangs, dialler).connect_tcp("example.com", 443, timeout=0.05)
    finally:
        release.set()
    assert dialler.dialled == []


def test_unix_sockets_are_never_dialled() -> None:
    with pytest.raises(AddressRefused):
        backend(answers(PUBLIC), RecordingDialler()).connect_unix_socket("docker.sock")


def test_the_system_resolver_knows_loopback() -> None:
    assert system_resolver("127.0.0.1", 80) == [ip_address("127.0.0.1")]


def test_nothing_starts_when_the_budget_is_spent() -> None:
    now = [0.0]
    spent = TimeBudget.start(1.0, JobControl(clock=lambda: now[0]))
    now[0] = 1.0
    with pytest.raises(OutOfTime):
        backend(answers(PUBLIC), RecordingDialler(), budget=spent).connect_tcp("example.com", 443)


@pytest.mark.parametrize(
    ("seconds", "deadline", "at_most", "expected"),
    [(30.0, None, 10.0, 10.0), (30.0, None, None, 30.0), (3.0, None, 10.0, 3.0), (30.0, 2.0, 10.0, 2.0)],
)
def test_a_step_gets_the_tightest_bound(
    seconds: float, deadline: float | None, at_most: float | None, expected: float
) -> None:
    budget = TimeBudget.start(seconds, JobControl(deadline=deadline, clock=lambda: 0.0))
    assert budget.timeout(at_most) == expected


def test_the_jobs_deadline_comes_first() -> None:
    budget = TimeBudget(ends_at=5.0, control=JobControl(deadline=5.0, clock=lambda: 6.0))
    with pytest.raises(DeadlineExceeded):
        budget.timeout(10.0)


class Deaf(httpcore.NetworkStream):
    """Takes nothing that is written; `answered`: it has said something already."""

    def __init__(self, *, answered: bool) -> None:
        self.answered = answered

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        raise httpcore.WriteTimeout

    @override
    def get_extra_info(self, info: str) -> object:
        return self.answered if info == "is_readable" else None


@pytest.mark.parametrize(("answered", "error"), [(True, httpcore.WriteError), (False, httpcore.WriteTimeout)])
def test_a_host_that_has_answered_and_takes_no_more_is_listened_to(answered: bool, error: type[Exception]) -> None:
    """After a WriteError httpcore reads the answer, after a WriteTimeout it does not."""
    stream = BudgetedStream(stream=Deaf(answered=answered), budget=TimeBudget.start(5.0, JobControl()))
    with pytest.raises(error):
        stream.write(b"abc")


class Counting(httpcore.NetworkStream):
    """Notes the size and the timeout of each write, which takes `seconds` of the clock."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        self.written: list[tuple[int, float | None]] = []
        self._clock = clock
        self._seconds = seconds

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append((len(buffer), timeout))
        self._clock[0] += self._seconds


def test_a_long_buffer_is_written_in_pieces_that_each_ask_the_budget() -> None:
    clock = [0.0]
    stream = Counting(clock, seconds=2.0)
    budget = TimeBudget.start(5.0, JobControl(clock=lambda: clock[0]))
    with pytest.raises(OutOfTime):
        BudgetedStream(stream=stream, budget=budget).write(bytes(100_000), 10.0)
    assert stream.written == [(16_384, 5.0), (16_384, 3.0), (16_384, 1.0)]
