"""The RunPod Serverless worker: `python -m entrypoints.runpod_worker`."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import structlog

from application.job import Job
from application.job_control import JobControl
from domain.errors import WorkerError
from entrypoints.boot import boot
from entrypoints.deadline import deadline_of
from entrypoints.guard import Guard, Reply

Handler = Callable[[Mapping[str, Any]], Awaitable[Reply]]
T = TypeVar("T")

_QUEUE: Final = "RUNPOD_WEBHOOK_GET_JOB"
"""Set where the platform has jobs to hand out; the SDK runs once, on a test input, where it is not."""
_REALTIME: Final = "RUNPOD_REALTIME_PORT"
"""Set to a port, the SDK serves HTTP instead."""
_ONE_JOB_FLAGS: Final = frozenset({"--test_input", "--rp_serve_api"})

_log = structlog.get_logger()


def main() -> None:
    """Preflight, load and warm up, then take jobs until the platform says stop.

    What fails before the first job is held: in RunPod's loop a fitness check raises it again, so that the
    platform sees an unhealthy worker and no job is taken. Where there is no loop, the process ends with 1.
    """
    # Read by the SDK when it is imported; its default, DEBUG, prints every reply with its signed URLs.
    os.environ.setdefault("RUNPOD_LOG_LEVEL", "INFO")
    # Before the logs are set up, for it sets them up too.
    import runpod  # noqa: PLC0415 - 1.7 seconds that importing this module should not cost

    in_queue = takes_from_queue(os.environ, sys.argv)
    try:
        container = boot(os.environ)
        guard = Guard(container.codec(), container.generate_video())
        seconds = container.settings().job_timeout_seconds if in_queue else 0.0
        handler = make_handler(guard, may_return=in_queue, default_seconds=seconds)
    except WorkerError as error:
        _log.error("worker.unfit", code=error.code, error=error.message)
        handler = _hold(runpod, error.message, in_queue=in_queue)
    except Exception:  # noqa: BLE001 - whatever it is, the platform is told that this worker is unfit
        _log.exception("worker.unfit", code="internal")
        handler = _hold(runpod, "The worker could not start; its log has the reason", in_queue=in_queue)
    runpod.serverless.start({"handler": handler})


def takes_from_queue(environ: Mapping[str, str], arguments: Sequence[str]) -> bool:
    """Whether the SDK will take jobs from the platform's queue: only then does it run fitness checks."""
    flags = {argument.partition("=")[0] for argument in arguments}
    return _QUEUE in environ and environ.get(_REALTIME, "0") == "0" and _ONE_JOB_FLAGS.isdisjoint(flags)


def make_handler(guard: Guard, *, may_return: bool, default_seconds: float) -> Handler:
    """The function that the SDK calls for each job.

    Jobs run on a thread of their own, one after the other: the SDK's event loop, which also polls for stop
    signals, is never blocked. `may_return`: the queue may deliver a job twice. `default_seconds`: time budget
    of a job that brings none; 0: none.
    """
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")

    def run(delivered: Mapping[str, Any]) -> Reply:
        deadline = deadline_of(delivered, default_seconds, time.monotonic()) if may_return else None
        job = Job(id=str(delivered.get("id", "job")), may_return=may_return)
        return guard(delivered.get("input"), job, JobControl(deadline=deadline))

    async def handle(delivered: Mapping[str, Any]) -> Reply:
        return await _finished(asyncio.get_running_loop().run_in_executor(thread, run, delivered))

    return handle


async def _finished(work: "asyncio.Future[T]") -> T:
    """The result of `work`, also when the task that waits for it is cancelled, once or more.

    A task that left earlier would let the next job start beside a thread that still renders.
    """
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as signal:
            cancelled = signal
    if cancelled is not None:
        raise cancelled
    return work.result()


def _hold(runpod: Any, reason: str, *, in_queue: bool) -> Handler:  # noqa: ANN401 - the SDK has no types
    """Let the SDK find the worker unfit. Raises SystemExit where no platform would hear of it."""
    if not in_queue:
        sys.exit(1)

    async def fit_for_jobs() -> None:
        raise RuntimeError(reason)

    async def never_called(_: Mapping[str, Any]) -> Reply:
        raise RuntimeError(reason)

    runpod.serverless.register_fitness_check(fit_for_jobs)
    return never_called


if __name__ == "__main__":  # the SDK's ping process imports this module again
    main()
