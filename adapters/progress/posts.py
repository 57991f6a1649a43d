"""Posts one job's updates, in order, from a thread of its own."""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Final

import attrs
import structlog

from adapters.progress.traffic import Traffic
from application.progress import ProgressUpdate, Sink

_LONGEST_PAUSE: Final = 60.0

_log = structlog.get_logger()


@attrs.frozen(kw_only=True)
class Line:
    """How to speak to the platform: the SDK's session and its asynchronous call.

    `session(trace_configs=[…])` is called on a running loop; `send(session, body, job)` posts `body` about
    `job["id"]`, tries again where it thinks fit, and returns also when it failed.
    """

    session: Callable[..., AbstractAsyncContextManager[Any]]
    send: Callable[[Any, Mapping[str, object], Mapping[str, object]], Awaitable[None]]


class JobPosts:
    """A Watcher (application/progress.py) of one job. It is entered once and left on one thread.

    The thread lives as long as the job: joining it is what proves that no update and no retry of one can land
    after the result, and nothing is left for a worker that is frozen between two jobs (FlashBoot). Only the newest
    update waits, so that a slow platform makes no queue; posts begin at least `interval` seconds apart, and
    further where they fail. A post is cut off after `cap` seconds, its connection closed.

    Leaving waits only for what the platform may already be reading, so for `cap` seconds at most: an update that
    has not been sent is dropped, a retry is not begun. What the SDK raises unforeseen is raised then.
    """

    def __init__(self, line: Line, job_id: str, *, interval: float, cap: float) -> None:
        self._line = line
        self._job_id = job_id
        self._interval = interval
        self._cap = cap
        self._traffic = Traffic(on_landed=self._give_up_if_leaving)
        self._lock = threading.Lock()
        self._newest: ProgressUpdate | None = None
        self._is_leaving = False
        self._failures = 0
        self._is_told = False

    def __enter__(self) -> Sink:
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._posting: asyncio.Task[None] | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="progress")
        self._ended: Future[None] = self._executor.submit(contextvars.copy_context().run, self._run)
        return self._offer

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._leave)
        self._executor.shutdown()
        self._ended.result()

    def _offer(self, update: ProgressUpdate) -> None:
        with self._lock:
            self._newest = update
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._wake.set)

    # On the thread. Not asyncio.run: it would wait for a name resolution that hangs.

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.run_until_complete(_end_other_tasks())
            with self._lock:
                self._loop.close()

    async def _serve(self) -> None:
        async with self._line.session(trace_configs=[self._traffic.trace()]) as session:
            self._posting = asyncio.ensure_future(self._post_all(session))
            with contextlib.suppress(asyncio.CancelledError):
                await self._posting

    async def _post_all(self, session: Any) -> None:  # noqa: ANN401 - the SDK has no types
        while not self._is_leaving:
            await self._wake.wait()
            self._wake.clear()
            update = self._take()
            if update is not None:
                begin = self._loop.time()
                await self._post(session, update)
                pause = min(_LONGEST_PAUSE, self._interval * 2**self._failures)
                await asyncio.sleep(begin + pause - self._loop.time())

    async def _post(self, session: Any, update: ProgressUpdate) -> None:  # noqa: ANN401 - the SDK has no types
        self._traffic.forget()
        body = {"status": "IN_PROGRESS", "output": _told(update)}
        try:
            async with asyncio.timeout(self._cap):
                await self._line.send(session, body, {"id": self._job_id})
            fault = self._traffic.fault
        except TimeoutError:
            fault = self._traffic.fault or f"no answer in {self._cap:g} s"
        self._failures = 0 if fault is None else self._failures + 1
        if fault is not None and not self._is_told:
            self._is_told = True
            _log.warning("progress.post_failed", fault=fault)

    def _take(self) -> ProgressUpdate | None:
        with self._lock:
            update, self._newest = self._newest, None
        return update

    def _leave(self) -> None:
        self._is_leaving = True
        if not self._traffic.is_in_the_air:
            self._give_up_if_leaving()

    def _give_up_if_leaving(self) -> None:
        """Ends what is between two attempts: a connection that is being made, a wait for a retry or for an update."""
        if self._is_leaving and self._posting is not None:
            self._posting.cancel()


async def _end_other_tasks() -> None:
    """A name resolution goes on after the request that wanted it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _told(update: ProgressUpdate) -> dict[str, object]:
    """`update` as the job's status shows it; `item` of `items` only in a job of several clips."""
    told = attrs.asdict(update, recurse=False)
    del told["place"]
    return told if update.place is None else {"item": update.place.number, "items": update.place.of, **told}
