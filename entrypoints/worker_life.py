"""When this worker stops taking jobs, and how it goes without losing one.

What the SDK (runpod 1.12.0) does by itself, and this prevents:

- SIGTERM while a job-take poll is open: its loop ends, and the job that the poll then returns is dropped. Here
  SIGTERM only sets a flag; the SDK's own handler runs once no poll is open and no job is in hand.
- A concurrency of 0 with a job queued: its queue is never read again. Here 0 is answered only when it is idle, or when
  all jobs in hand have begun. Any other change waits until it is idle, and polls once more then: so it is 0 or the
  depth, never something between.
- Its list of jobs is by id: of two deliveries of the same id the first that ends takes both off. Here tasks count too.

Everything here runs on the main thread, inside the SDK's loop.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import structlog

Reply = dict[str, Any]

_LOOK_SECONDS: Final = 0.05
_POST_SECONDS: Final = 30.0
"""How long the last reply waits for others that the SDK still posts."""

_log: Final = structlog.get_logger()


class WorkerLife:
    """`jobs_in_hand` counts the jobs that the SDK has taken and not finished, those that it has queued included.

    `depth`: how many jobs may be in hand at once. `max_jobs`: after so many answered ones the worker is worn out; 0:
    never. No more are taken than it has left.

    The platform kills a worker whose reply asks for a fresh one, and with it whatever else is in hand. So that is asked
    by the last reply, and no jobs are taken until then; a worker whose last reply got lost takes one more.
    """

    def __init__(
        self,
        *,
        jobs_in_hand: Callable[[], int],
        max_jobs: int = 0,
        depth: int = 1,
        post_seconds: float = _POST_SECONDS,
    ) -> None:
        self._jobs_in_hand = jobs_in_hand
        self._max_jobs = max_jobs
        self._depth = depth
        self._post_seconds = post_seconds
        self._jobs = 0
        self._begun: set[asyncio.Task[Any]] = set()
        self._unanswered = 0
        self._is_installed = False
        self._is_worn = False
        self._is_told = False
        self._is_terminated = False
        self._shut_down: Callable[[], None] = lambda: None

    @property
    def takes_jobs(self) -> bool:
        """Whether further jobs are wanted."""
        if self._is_told or self._is_terminated:
            return False
        if self._is_worn:
            return self.in_hand == 0
        unanswered = self.in_hand - len(self._begun) + self._unanswered
        return not self._max_jobs or self._jobs + unanswered < self._max_jobs

    @property
    def in_hand(self) -> int:
        """Jobs that were taken and whose replies are not with the platform yet."""
        return max(self._jobs_in_hand(), len(self._begun))

    def concurrency(self, _: int) -> int:
        """The SDK's concurrency modifier: called between two polls for jobs, when none is open.

        The first call puts our SIGTERM handler before the SDK's, which is installed by then.
        """
        if not self._is_installed:
            self._install()
        in_hand = self.in_hand
        if self.takes_jobs or in_hand >= self._depth or in_hand > len(self._begun):
            return self._depth
        if self._is_terminated and not in_hand:
            self._shut_down()
        return 0

    @contextmanager
    def delivery(self) -> Iterator[None]:
        """Around the answering of one delivery, on the SDK's task for it."""
        task = asyncio.current_task()
        if task is not None and task not in self._begun:
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)
        self._unanswered += 1
        try:
            yield
        finally:
            self._unanswered -= 1

    async def answered(self, reply: Reply) -> Reply:
        """`finished`, once replies that the SDK still posts are out, if it is up to this one to ask for a fresh worker.

        Two jobs that end together would else each take the other for one that is still in hand, and neither would ask.
        """
        self._wear(reply)
        clock = asyncio.get_running_loop().time
        end = clock() + self._post_seconds
        while self._is_worn and self._unanswered == 1 and self.in_hand > 1 and clock() < end:  # noqa: ASYNC110 - the SDK has no event
            await asyncio.sleep(_LOOK_SECONDS)
        return self.finished(reply)

    def finished(self, reply: Reply) -> Reply:
        """Count an answered job; its reply asks for a fresh worker if this one is worn out and nothing else is in hand.

        It is worn out after `max_jobs` jobs, or when a reply says so (a lost GPU context). The flag is set before
        the reply leaves, so that no job is taken in between.
        """
        self._wear(reply)
        self._jobs += 1
        told = {name: value for name, value in reply.items() if name != "refresh_worker"}
        if not self._is_worn or self.in_hand > 1:
            return told
        self._is_told = True
        return {**told, "refresh_worker": True}

    def _wear(self, reply: Reply) -> None:
        if not self._is_worn and (reply.get("refresh_worker") or self._jobs + 1 == self._max_jobs):
            self._is_worn = True
            _log.info("worker.worn_out", jobs=self._jobs + 1)

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
