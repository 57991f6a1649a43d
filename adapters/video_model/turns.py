"""One generation at a time on a device."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from application.job_control import JobControl
from domain.errors import GpuFailed

_POLL_SECONDS: Final = 0.05
"""How often a waiting job looks at its deadline."""


class Turns:
    """Hands the device to one job after the other. Components and schedulers are shared: two runs at once break.

    Of those that wait, the job that was picked up first is next, and of equals the one that came first. A device
    that was lost in one job's hands is not handed on: whoever waits for it, or comes later, gets GpuFailed at once.
    """

    __slots__ = ("_arrivals", "_changed", "_is_lost", "_is_taken", "_waiting")

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        self._arrivals = 0
        self._is_taken = False
        self._is_lost = False

    @contextmanager
    def taken(self, control: JobControl) -> Iterator[None]:
        """Wait for the device and keep it inside. Raises what `control.check` raises while it waits, and GpuFailed."""
        self._wait(control)
        try:
            yield
        except GpuFailed:
            self._is_lost = True
            raise
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()

    def _wait(self, control: JobControl) -> None:
        with self._changed:
            self._arrivals += 1
            ticket = (control.picked_up, self._arrivals)
            self._waiting.append(ticket)
        try:
            while not self._handed(ticket):
                control.check()
        finally:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _handed(self, ticket: tuple[float, int]) -> bool:
        """Whether it is this one's turn, which has begun then; waits a moment where it is not."""
        with self._changed:
            if not self._is_next(ticket):
                self._changed.wait(_POLL_SECONDS)
            if self._is_lost:
                message = "The GPU's context was lost while the job waited for it; this worker will be replaced"
                raise GpuFailed(message)
            if not self._is_next(ticket):
                return False
            self._is_taken = True
            return True

    def _is_next(self, ticket: tuple[float, int]) -> bool:
        return self._is_lost or (not self._is_taken and ticket == min(self._waiting))
