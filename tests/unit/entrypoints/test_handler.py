"""The SDK's handler: off its loop, one at a time, and not gone before its thread is."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from application.job import Job
from application.job_control import JobControl
from container import open_codec
from domain.errors import DiskFull
from domain.requests import GenerationRequest
from domain.results import GenerationResult
from entrypoints.guard import Guard
from entrypoints.runpod_worker import Handler, make_handler

UseCase = Callable[[GenerationRequest, Job, JobControl], GenerationResult]
DELIVERED = {"id": "j1", "input": {"prompt": "a"}}


def handler(use_case: UseCase, *, may_return: bool = True, default_seconds: float = 0.0) -> Handler:
    return make_handler(Guard(open_codec(), use_case), may_return=may_return, default_seconds=default_seconds)


class Recorded:
    """A use case that fails, and keeps job, control and thread."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.controls: list[JobControl] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, _: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
        self.jobs.append(job)
        self.controls.append(control)
        self.threads.append(threading.current_thread())
        message = "full"
        raise DiskFull(message)


def run(use_case: UseCase, *deliveries: dict[str, Any], **options: Any) -> list[Any]:
    async def all_of_them() -> list[Any]:
        handle = handler(use_case, **options)
        return [await handle(delivery) for delivery in deliveries]

    return asyncio.run(all_of_them())


def test_a_job_runs_on_a_thread_of_its_own_under_its_id() -> None:
    seen = Recorded()
    (reply,) = run(seen, DELIVERED)
    assert reply["code"] == "disk_full"
    assert seen.threads[0] is not threading.main_thread()
    assert seen.jobs == [Job(id="j1", may_return=True)]


@pytest.mark.parametrize("delivered", [{}, {"id": None}, {"id": 7, "input": "x"}])
def test_odd_deliveries_are_answered(delivered: dict[str, Any]) -> None:
    (reply,) = run(Recorded(), delivered)
    assert reply["code"] == "invalid_input"


def test_deadlines_come_from_the_job_or_the_default_and_only_in_the_queue() -> None:
    policy = DELIVERED | {"policy": {"executionTimeout": 600_000}}
    seen = Recorded()
    run(seen, DELIVERED, policy, default_seconds=100.0)
    run(seen, DELIVERED, policy, may_return=False, default_seconds=0.0)
    left = [control.seconds_left() for control in seen.controls]
    assert left[0] == pytest.approx(100, abs=5)
    assert left[1] == pytest.approx(570, abs=5)
    assert left[2:] == [None, None]
    assert [job.may_return for job in seen.jobs] == [True, True, False, False]


@pytest.mark.parametrize("signals", [1, 3])
def test_a_cancelled_task_waits_for_its_thread_however_often_it_is_cancelled(signals: int) -> None:
    entered, release, left = threading.Event(), threading.Event(), threading.Event()

    def use_case(*_: object) -> GenerationResult:
        entered.set()
        release.wait(10)
        left.set()
        message = "done"
        raise DiskFull(message)

    async def scenario() -> None:
        task = asyncio.ensure_future(handler(use_case)(DELIVERED))
        await asyncio.to_thread(entered.wait, 10)
        for _ in range(signals):
            task.cancel()
            await asyncio.sleep(0.02)
            assert not task.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left.is_set()

    asyncio.run(scenario())


def test_the_loop_goes_on_while_a_job_runs() -> None:
    release = threading.Event()

    def use_case(*_: object) -> GenerationResult:
        assert release.wait(10)
        message = "done"
        raise DiskFull(message)

    async def scenario() -> dict[str, Any]:
        task = asyncio.ensure_future(handler(use_case)(DELIVERED))
        await asyncio.sleep(0.02)
        release.set()  # only a loop that is not blocked gets here
        return await task

    assert asyncio.run(scenario())["code"] == "disk_full"
