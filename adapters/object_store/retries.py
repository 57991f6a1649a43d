"""When a request to a store is made again, and for how long."""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

import attrs
import stamina

from application.job_control import JobControl
from domain.errors import StorageUnavailable

T = TypeVar("T")

_SLOW_LINE: Final = 1 << 20
"""Bytes a second below which an upload is not worth another attempt."""

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

    A wait ends at the job's deadline. A store that asks for a longer rest than the policy has left is given up
    at once.

    Raises:
        DeadlineExceeded: from `control.check()`, which is called before each attempt.
        Transient: the last one.
    """
    for attempt in stamina.retry_context(on=_Backoff(policy, control), attempts=policy.attempts, timeout=None):
        with attempt:
            control.check()
            return operation()
    message = "unreachable: the last attempt returns or raises"
    raise AssertionError(message)


@attrs.define
class _Backoff:
    """Stamina's hook: the seconds to wait after an exception, or False to give up.

    Stamina's own waits know neither `Retry-After` together with a ceiling nor a deadline.
    """

    policy: RetryPolicy
    control: JobControl
    _begun: float = attrs.field(factory=time.monotonic, init=False)
    _failures: int = attrs.field(default=0, init=False)

    def __call__(self, exc: Exception) -> float | bool:
        if not isinstance(exc, Transient):
            return False
        wait = self._next_wait() if exc.retry_after is None else exc.retry_after
        if time.monotonic() - self._begun + wait > self.policy.seconds:
            return False
        left = self.control.seconds_left()
        return wait if left is None else min(wait, left)

    def _next_wait(self) -> float:
        wait = self.policy.wait_initial * 2.0**self._failures
        self._failures += 1
        jitter = random.uniform(1.0, 1.25)  # noqa: S311 - keeps workers apart, guards nothing
        return min(self.policy.wait_max, wait * jitter)
