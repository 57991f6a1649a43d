"""When a request to a store is made again, and for how long."""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

import attrs
import structlog

from application.job_control import JobControl
from domain.errors import StorageUnavailable

T = TypeVar("T")

_log = structlog.get_logger()

_SLOW_LINE: Final = 1 << 20
"""Bytes a second below which an upload is not worth another attempt."""

_LOOK_SECONDS: Final = 0.25
"""Between two looks at the job's control."""

_QUICK_ATTEMPTS: Final = 2
_QUICK_SECONDS: Final = 10.0


class Transient(StorageUnavailable):
    """The store failed in a way that another attempt may mend.

    `retry_after`: seconds for which it asks to be left alone; None if it does not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """`attempts` in all, none begun later than `seconds` after the first; waits double, in seconds."""

    attempts: int = 5
    seconds: float = 60.0
    wait_initial: float = 0.5
    wait_max: float = 20.0

    def for_upload(self, size: int) -> "RetryPolicy":
        """Time for large files: a whole attempt over a slow line may be lost at its last byte."""
        return attrs.evolve(self, seconds=self.seconds + size / _SLOW_LINE)

    def quick(self) -> "RetryPolicy":
        """For checks, which must not hold up a start."""
        return attrs.evolve(
            self, attempts=min(self.attempts, _QUICK_ATTEMPTS), seconds=min(self.seconds, _QUICK_SECONDS)
        )


def with_retries(operation: Callable[[], T], policy: RetryPolicy, control: JobControl) -> T:
    """What `operation` returns, called again as long as it raises Transient and `policy` allows.

    A wait ends with the job, at its deadline or when it is stopped. A store that asks for a longer rest than the policy
    has left is given up at once.

    Raises:
        Cancelled, DeadlineExceeded: from `control.check()`, which is called before each attempt and while waiting.
        Transient: the last one.
    """
    backoff = _Backoff(policy)
    while True:
        control.check()
        try:
            return operation()
        except Transient as exc:
            wait = backoff.wait_after(exc)
            if wait is None:
                raise
            _log.warning("store.retry", attempt=backoff.failures, wait_seconds=round(wait, 2), cause=exc.message)
        _rest(wait, control)


def _rest(seconds: float, control: JobControl) -> None:
    """In steps: a job that is stopped must not hold its worker (no library for retries asks anybody meanwhile)."""
    while seconds > 0:
        control.check()
        left = control.seconds_left()
        time.sleep(min(seconds, _LOOK_SECONDS) if left is None else min(seconds, _LOOK_SECONDS, left))
        seconds -= _LOOK_SECONDS


@attrs.define
class _Backoff:
    """How often it was tried, and since when."""

    policy: RetryPolicy
    failures: int = 0
    _begun: float = attrs.field(factory=time.monotonic, init=False)

    def wait_after(self, exc: Transient) -> float | None:
        """Seconds to wait before the next attempt; None: it is given up."""
        wait = self._doubled() if exc.retry_after is None else exc.retry_after
        self.failures += 1
        late = time.monotonic() - self._begun + wait > self.policy.seconds
        return None if late or self.failures >= self.policy.attempts else wait

    def _doubled(self) -> float:
        wait = self.policy.wait_initial * 2.0**self.failures
        jitter = random.uniform(1.0, 1.25)  # noqa: S311 - keeps workers apart, guards nothing
        return min(self.policy.wait_max, wait * jitter)
