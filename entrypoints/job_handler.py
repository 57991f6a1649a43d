"""Delivered jobs, off the SDK's event loop, and stopped when the platform says so."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, Final

import attrs
import structlog

from application.job import Job
from application.job_control import JobControl
from application.progress import Watcher
from entrypoints.deadline import deadline_of
from entrypoints.guard import Guard
from entrypoints.job_fields import fields_of
from entrypoints.replies import Reply
from entrypoints.reporting import reporting
from entrypoints.worker_life import WorkerLife

_GRACE_SECONDS: Final = 30.0
"""How long a cancelled job's thread may take to the end of its step before the process is given up."""
_PROGRESS_SECONDS: Final = 1.0

_log: Final = structlog.get_logger()


def unwatched(_: str) -> Watcher:
    """Nobody sees how far the job is."""
    return nullcontext(lambda _: None)


def _give_up() -> None:
    """End a process whose thread does not stop: the GPU would go on being billed for nobody."""
    os._exit(1)  # atexit and finally would wait for the thread


class JobHandler:
    """What the SDK calls for each job. Each runs on a thread of its own, up to `depth` at once (PIPELINE_DEPTH).

    `may_return`: the queue may deliver a job twice. `default_seconds`: time budget of a job that brings none;
    0: none. `life` counts jobs, and asks for a fresh worker. `watch` opens the progress of the job with an id; it is
    closed, with nothing on its way any more, before the SDK gets the reply. A stop flag belongs to a delivery, not to
    a job's id. The time budget counts from the call, whatever the job then waits for.
    """

    def __init__(
        self,
        guard: Guard,
        life: WorkerLife,
        *,
        may_return: bool,
        default_seconds: float = 0.0,
        depth: int = 1,
        watch: Callable[[str], Watcher] = unwatched,
        grace_seconds: float = _GRACE_SECONDS,
        give_up: Callable[[], None] = _give_up,
    ) -> None:
        self._guard = guard
        self._life = life
        self._may_return = may_return
        self._default_seconds = default_seconds
        self._watch = watch
        self._grace_seconds = grace_seconds
        self._give_up = give_up
        self._thread = ThreadPoolExecutor(max_workers=depth, thread_name_prefix="job")

    async def __call__(self, delivered: Mapping[str, Any]) -> Reply:
        """The reply to a job. Raises CancelledError, which the SDK needs, once the job's thread has stopped."""
        stop = threading.Event()
        control = self._control(delivered, stop)
        with self._life.delivery():
            work = asyncio.get_running_loop().run_in_executor(self._thread, self._run, delivered, control)
            try:
                reply = await asyncio.shield(work)
            except asyncio.CancelledError:
                stop.set()
                await self._outlast(work)
                raise
            return await self._life.answered(reply)  # a cancelled one goes nowhere: it cannot ask for a fresh worker

    def _control(self, delivered: Mapping[str, Any], stop: threading.Event) -> JobControl:
        now = time.monotonic()
        deadline = deadline_of(delivered, self._default_seconds, now) if self._may_return else None
        return JobControl(deadline=deadline, is_cancelled=stop.is_set, picked_up=now)

    def _run(self, delivered: Mapping[str, Any], control: JobControl) -> Reply:
        job = Job(id=str(delivered.get("id", "job")), may_return=self._may_return)
        with reporting(self._watch(job.id), job_id=job.id, interval=_PROGRESS_SECONDS) as report:
            return self._guard(fields_of(delivered), job, attrs.evolve(control, report=report))

    async def _outlast(self, work: "asyncio.Future[Reply]") -> None:
        """Wait for the thread, through any number of further stop signals.

        A handler that left earlier would let the next job start beside a thread that still renders.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self._grace_seconds
        while not work.done():
            if clock() >= end:
                _log.error("worker.stuck", grace_seconds=self._grace_seconds, jobs_lost=self._life.in_hand - 1)
                self._give_up()
                return
            try:
                await asyncio.wait({work}, timeout=end - clock())
            except asyncio.CancelledError:
                continue
        if not work.cancelled():
            work.exception()  # looked at, so that asyncio does not complain that nobody did
