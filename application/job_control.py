"""How a running job is steered and watched: a value that is passed through every port."""

import time
from collections.abc import Callable
from typing import Literal

import attrs

from domain.errors import Cancelled, DeadlineExceeded

Stage = Literal["fetch", "generate", "decode", "encode", "upload"]


@attrs.frozen
class Place:
    """Which of a job's clips something is about: the one with that `number`, from 1, `of` so many."""

    number: int
    of: int


@attrs.frozen
class StageProgress:
    """A stage got on: `done` of `total` units (denoising steps, frames, bytes); total is None if unknown.

    `place` is put in by whoever makes several clips in one job; who makes one of them leaves it out.
    """

    stage: Stage
    done: int
    total: int | None = None
    place: Place | None = None


def _never() -> bool:
    return False


def _discard(_: StageProgress) -> None:
    """Report to nobody."""


@attrs.frozen(kw_only=True)
class JobControl:
    """Stop flag, deadline, clock and progress of one delivery of a job.

    Everything that takes long calls `check` at each of its natural steps (a denoising step, a decoded chunk,
    an encoded frame, an uploaded block) and `report` where a watcher would like to know. Both are cheap and
    may be called from any thread. `clock` is monotonic, in seconds.
    """

    deadline: float | None = None
    """Reading of `clock` at which the job's time budget is spent."""
    is_cancelled: Callable[[], bool] = _never
    """Whether somebody asked to stop this delivery. Once true, always true."""
    report: Callable[[StageProgress], None] = _discard
    clock: Callable[[], float] = time.monotonic
    picked_up: float = 0.0
    """Reading of `clock` when the worker took the job. Of jobs that wait for the same thing the first one is next."""

    def check(self) -> None:
        """Return if the job may go on.

        Raises:
            Cancelled: somebody asked to stop it.
            DeadlineExceeded: its time budget is spent.
        """
        if self.is_cancelled():
            message = "The job was cancelled"
            raise Cancelled(message)
        if self.deadline is not None and self.clock() >= self.deadline:
            message = "The job's time budget ran out before it was finished"
            raise DeadlineExceeded(message)

    def seconds_left(self) -> float | None:
        """Seconds until the deadline, not below 0; None: no deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - self.clock())
