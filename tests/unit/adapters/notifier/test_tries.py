"""How often, and how long in between, on a clock that only waits move."""

import datetime as dt

import attrs
import pytest

from adapters.http.sending import SendFailed, SendRefused
from adapters.notifier.tries import BUDGET_SECONDS, TRY_SECONDS, Tries
from application.job_control import JobControl
from application.ports.notifier import Delivery

NOW = dt.datetime(2026, 1, 13, 10, 0, tzinfo=dt.UTC)
Said = tuple[int, str | None] | Exception


@attrs.define
class Scene:
    """Answers `said` in turn, each after `takes` seconds; the last one stays. `at` are the moments of the tries."""

    said: list[Said]
    takes: float = 0.0
    deadline: float | None = None
    stopped_at: float = 1e9
    jitter: float = 0.0
    now: float = 100.0
    at: list[float] = attrs.field(factory=list)
    granted: list[float] = attrs.field(factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def post(self, seconds: float) -> tuple[int, str | None]:
        self.at.append(round(self.now - 100.0, 3))
        self.granted.append(round(seconds, 3))
        self.now += min(self.takes, seconds)
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(said, Exception):
            raise said
        return said

    def run(self) -> Delivery:
        control = JobControl(
            deadline=self.deadline, clock=lambda: self.now, is_cancelled=lambda: self.now >= self.stopped_at
        )
        return Tries(control, self.sleep, lambda: self.jitter, lambda: NOW).of(self.post)


def test_waits_grow_and_end_within_the_budget() -> None:
    scene = Scene([(500, None)])
    assert scene.run() == Delivery(delivered=False, attempts=5, last_status=500, reason="answered with status 500")
    assert scene.at == [0, 0.5, 1.5, 3.5, 7.5]
    assert scene.now - 100 <= BUDGET_SECONDS


def test_jitter_makes_waits_longer_by_up_to_a_quarter() -> None:
    scene = Scene([(500, None)], jitter=1.0)
    scene.run()
    assert scene.at == [0, 0.625, 1.875, 4.375, 9.375]


def test_a_receiver_that_hangs_is_tried_twice() -> None:
    scene = Scene([SendFailed("could not be sent to: its host was too slow")], takes=60)
    delivery = scene.run()
    assert (delivery.attempts, delivery.last_status) == (2, None)
    assert delivery.reason == "could not be sent to: its host was too slow"
    assert scene.granted == [TRY_SECONDS, 4.5]
    assert scene.now - 100 <= BUDGET_SECONDS


def test_the_jobs_deadline_is_an_end_too() -> None:
    scene = Scene([(503, None)], deadline=102.0)
    assert scene.run().attempts == 3
    assert scene.now <= 102
    spent = Scene([(204, None)], deadline=100.01)
    assert spent.run() == Delivery(
        delivered=False, attempts=0, last_status=None, reason="was not sent: the job's time budget is spent"
    )
    assert spent.at == []


def test_a_stop_ends_a_wait_within_a_moment() -> None:
    scene = Scene([(503, "8")], stopped_at=102.0)
    delivery = scene.run()
    assert (delivery.delivered, delivery.attempts, delivery.last_status) == (False, 1, 503)
    assert delivery.reason == "was given up: the job was stopped"
    assert scene.now < 102.5


@pytest.mark.parametrize(
    ("asked", "second"),
    [
        ("3", 3.0),
        ("0", 0.5),
        (" 2 ", 2.0),
        ("Tue, 13 Jan 2026 10:00:04 GMT", 4.0),
        ("soon", 0.5),
        ("-5", 0.5),
        ("", 0.5),
    ],
)
def test_retry_after_is_kept(asked: str, second: float) -> None:
    scene = Scene([(429, asked), (204, None)])
    assert scene.run() == Delivery(delivered=True, attempts=2, last_status=204, reason=None)
    assert scene.at == [0, second]


@pytest.mark.parametrize("asked", ["11", "99999999999999999999", "Wed, 14 Jan 2026 10:00:00 GMT"])
def test_who_asks_for_more_than_there_is_is_given_up_at_once(asked: str) -> None:
    scene = Scene([(503, asked)])
    delivery = scene.run()
    assert (delivery.delivered, delivery.attempts, delivery.last_status) == (False, 1, 503)
    assert scene.now == 100


def test_a_refusal_is_not_tried_again() -> None:
    scene = Scene([SendRefused("must be an https URL")])
    assert scene.run() == Delivery(delivered=False, attempts=1, last_status=None, reason="must be an https URL")


def test_the_last_status_is_that_of_the_last_answer() -> None:
    scene = Scene([(500, None), SendFailed("could not be sent to: its host could not be reached")])
    delivery = scene.run()
    assert delivery.last_status == 500
    assert delivery.reason == "could not be sent to: its host could not be reached"
