"""How often one event is sent, and what is waited for in between: all of it is paid GPU time."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from adapters.http.retry_after import seconds_until
from adapters.http.sending import SendFailed, SendRefused
from application.job_control import JobControl
from application.ports.notifier import Delivery
from domain.errors import Cancelled, DeadlineExceeded

BUDGET_SECONDS: Final = 10.0
"""For one event in all, waits included."""
TRY_SECONDS: Final = 5.0
"""For one try: a receiver that hangs leaves time for a second one."""
_WAITS: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds before the second try and those after it, before up to a quarter is added."""
_LEAST_SECONDS: Final = 0.05
"""Of time left, below which no try is begun."""
_STEP_SECONDS: Final = 0.25
"""How often a wait asks whether the job was stopped."""

_SUCCESSES: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_GONE: Final = 410
_NO_TIME: Final = "was not sent: the job's time budget is spent"

Post = Callable[[float], tuple[int, str | None]]
"""One try within so many seconds: the answer's status and its Retry-After. Raises SendRefused, SendFailed."""


@attrs.frozen
class Tries:
    """The tries for one event, within the budget and the job's deadline."""

    control: JobControl
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    now: Callable[[], dt.datetime]

    def of(self, post: Post) -> Delivery:
        """Call `post` until it is answered with 2xx, or nothing more can be gained."""
        course = _Course(self.control.clock() + BUDGET_SECONDS)
        try:
            self._run(post, course)
        except Cancelled:
            course.reason = "was given up: the job was stopped"
        except DeadlineExceeded:
            course.reason = course.reason or _NO_TIME
        return course.delivery()

    def _run(self, post: Post, course: "_Course") -> None:
        for wait in self._waits():
            left = self._seconds_left(course)
            if left < _LEAST_SECONDS:
                course.reason = course.reason or _NO_TIME
                return
            course.attempts += 1
            asked = course.after(post, min(left, TRY_SECONDS))
            if course.is_over:
                return
            pause = max(wait, seconds_until(asked, self.now()) or 0.0)
            if pause > self._seconds_left(course):
                return
            self._rest(pause)

    def _waits(self) -> Iterator[float]:
        for wait in (*_WAITS, BUDGET_SECONDS):  # the last one never fits
            yield wait * (1 + self.jitter() / 4)

    def _seconds_left(self, course: "_Course") -> float:
        left = course.ends_at - self.control.clock()
        of_job = self.control.seconds_left()
        return left if of_job is None else min(left, of_job)

    def _rest(self, seconds: float) -> None:
        while seconds > 0:
            self.control.check()
            self.sleep(min(seconds, _STEP_SECONDS))
            seconds -= _STEP_SECONDS


@attrs.define
class _Course:
    """How far the tries are."""

    ends_at: float
    attempts: int = 0
    last_status: int | None = None
    reason: str | None = None
    is_over: bool = False

    def after(self, post: Post, seconds: float) -> str | None:
        """What one more try asks for as the pause after it."""
        try:
            status, asked = post(seconds)
        except SendRefused as refused:
            self.reason, self.is_over = refused.reason, True
            return None
        except SendFailed as failed:
            self.reason = failed.reason
            return None
        self.last_status = status
        self.reason, self.is_over = _judged(status)
        return asked

    def delivery(self) -> Delivery:
        return Delivery(
            delivered=self.reason is None and self.is_over,
            attempts=self.attempts,
            last_status=self.last_status,
            reason=self.reason,
        )


def _judged(status: int) -> tuple[str | None, bool]:
    """What is wrong with an answer, and whether it is the last word."""
    if status in _SUCCESSES:
        return None, True
    if status in _REDIRECTS:
        return "answered with a redirect, which is not followed", True
    if status == _GONE:
        return "answered with status 410: it wants no events", True
    return f"answered with status {status}", False
