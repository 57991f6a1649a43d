"""The RunPod Serverless worker: `python -m entrypoints.runpod_worker`."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any, Final, NoReturn

import structlog

from container import open_redactor
from domain.errors import WorkerError
from entrypoints import capabilities, examination, signing
from entrypoints.boot import boot
from entrypoints.guard import Guard
from entrypoints.job_handler import JobHandler, unwatched
from entrypoints.replies import Reply
from entrypoints.sdk import import_sdk
from entrypoints.webhooks import Webhooks
from entrypoints.worker_life import WorkerLife

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
    # Until the SDK installs its own: a worker that is told to go while it loads tidies up and goes.
    signal.signal(signal.SIGTERM, _leave)
    in_queue = takes_from_queue(os.environ, sys.argv)
    try:
        container = boot(os.environ, meanwhile=import_sdk)
        operations = {
            "capabilities": capabilities.as_operation(container.codec(), container.list_offers()),
            "doctor": examination.as_operation(container.diagnose(), container.redactor().text),
            "sign": signing.as_operation(container.codec(), container.sign_object()),
        }
        webhooks = Webhooks(container.notifier)
        guard = Guard(container.codec(), container.generate_once(), operations, webhooks)
        settings = container.settings()
        depth = settings.pipeline_depth
        life = WorkerLife(jobs_in_hand=_jobs_in_hand, max_jobs=settings.max_jobs_per_worker, depth=depth)
        watch = container.progress() if in_queue else unwatched
        seconds = settings.job_timeout_seconds
        handler = JobHandler(guard, life, may_return=in_queue, default_seconds=seconds, depth=depth, watch=watch)
        config = {"handler": handler, "concurrency_modifier": life.concurrency}
    except WorkerError as error:
        _log.error("worker.unfit", code=error.code, error=error.message)
        reason = open_redactor(os.environ).text(error.message)  # the SDK's line and the platform's
        config = _hold(reason, in_queue=in_queue)
    except Exception:  # noqa: BLE001 - whatever it is, the platform is told that this worker is unfit
        _log.exception("worker.unfit", code="internal")
        config = _hold("The worker could not start; its log has the reason", in_queue=in_queue)
    import_sdk().serverless.start(config)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """End with 128 + the signal's number, through every `finally` and context manager."""
    sys.exit(128 + number)


def takes_from_queue(environ: Mapping[str, str], arguments: Sequence[str]) -> bool:
    """Whether the SDK will take jobs from the platform's queue: only then does it run fitness checks."""
    flags = {argument.partition("=")[0] for argument in arguments}
    return _QUEUE in environ and environ.get(_REALTIME, "0") == "0" and _ONE_JOB_FLAGS.isdisjoint(flags)


def _hold(reason: str, *, in_queue: bool) -> dict[str, Any]:
    """Let the SDK find the worker unfit. Raises SystemExit where no platform would hear of it."""
    if not in_queue:
        sys.exit(1)

    async def fit_for_jobs() -> None:
        raise RuntimeError(reason)

    async def never_called(_: Mapping[str, Any]) -> Reply:
        raise RuntimeError(reason)

    import_sdk().serverless.register_fitness_check(fit_for_jobs)
    return {"handler": never_called}


def _jobs_in_hand() -> int:
    """Jobs that the SDK has taken and not finished, those that wait in its queue included."""
    from runpod.serverless.modules.worker_state import JobsProgress  # noqa: PLC0415 - the SDK is there by now

    return int(JobsProgress().get_job_count())


if __name__ == "__main__":  # the SDK's ping process imports this module again
    main()
