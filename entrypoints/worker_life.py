"""When this worker stops taking jobs, and how it goes without losing one.

What the SDK (runpod 1.12.0) does by itself, and this prevents:

- SIGTERM while a job-take poll is open: its loop ends, and the job that the poll then returns is dropped. Here
  SIGTERM only sets a flag; the SDK's own handler runs once no poll is open and no job is in hand.
- A concurrency of 0 with a job queued: its queue is never read again. Here 0 is answered only when it is idle.

Everything here runs on the main thread, inside the SDK's loop.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import structlog

Reply = dict[str, Any]

_log: Final = structlog.get_logger()


class WorkerLife:
    """`jobs_in_hand` counts the jobs that the SDK has taken and not finished, those that it has queued included."""

    def __init__(self, *, jobs_in_hand: Callable[[], int], max_jobs: int = 0) -> None:
        self._jobs_in_hand = jobs_in_hand
        self._max_jobs = max_jobs
        self._jobs = 0
        self._is_installed = False
        self._is_worn = False
        self._is_terminated = False
        self._shut_down: Callable[[], None] = lambda: None

    @property
    def takes_jobs(self) -> bool:
        """Whether further jobs are wanted."""
        return not (self._is_worn or self._is_terminated)

    def concurrency(self, _: int) -> int:
        """The SDK's concurrency modifier: called between two polls for jobs, when none is open.

        The first call puts our SIGTERM handler before the SDK's, which is installed by then.
        """
        if not self._is_installed:
            self._install()
        if self.takes_jobs or self._jobs_in_hand():
            return 1
        if self._is_terminated:
            self._shut_down()
        return 0

    def finished(self, reply: Reply) -> Reply:
        """Count an answered job; its reply asks for a fresh worker if this one is worn out.

        It is worn out after `max_jobs` jobs, or when a reply says so (a lost GPU context). The flag is set before
        the reply leaves, so that no job is taken in between.
        """
        self._jobs += 1
        if reply.get("refresh_worker") or self._jobs == self._max_jobs:
            self._is_worn = True
            _log.info("worker.worn_out", jobs=self._jobs)
            return {**reply, "refresh_worker": True}
        return reply

    def _install(self) -> None:
        self._is_installed = True
        sdks_own = signal.getsignal(signal.SIGTERM)

        def shut_down() -> None:
            if callable(sdks_own):
                sdks_own(signal.SIGTERM, None)

        self._shut_down = shut_down
        signal.signal(signal.SIGTERM, self._terminate)

    def _terminate(self, _: int, __: FrameType | None) -> None:
        self._is_terminated = True
        _log.info("worker.terminating", jobs_in_hand=self._jobs_in_hand())
