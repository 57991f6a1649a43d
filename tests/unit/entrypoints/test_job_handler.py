"""The SDK's handler: off its loop, one at a time, and not gone before its thread is."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from application.job import Job
from application.job_control import JobControl, StageProgress
from application.progress import Sink
from container import open_codec
from domain.errors import DiskFull
from domain.requests import GenerationRequest
from domain.results import GenerationResult
from entrypoints.guard import Guard
from entrypoints.job_handler import JobHandler
from entrypoints.worker_life import WorkerLife

UseCase = Callable[[GenerationRequest, Job, JobControl], GenerationResult]
DELIVERED = {"id": "j1", "input": {"prompt": "a"}}


def handler(use_case: UseCase, *, may_return: bool = True, default_seconds: float = 0.0, **options: Any) -> JobHandler:
    life = WorkerLife(jobs_in_hand=lambda: 0, max_jobs=options.pop("max_jobs", 0), depth=options.get("depth", 1))
    guard = Guard(open_codec(), use_case)
    return JobHandler(guard, life, may_return=may_return, default_seconds=default_seconds, **options)


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


def test_a_target_beside_the_input_is_part_of_the_request() -> None:
    target = {"accessId": "a", "accessSecret": "b", "bucketName": "clips", "endpointUrl": "https://s3.example.com"}
    seen: list[GenerationRequest] = []

    def use_case(request: GenerationRequest, *_: object) -> GenerationResult:
        seen.append(request)
        message = "full"
        raise DiskFull(message)

    inside = {"id": "j2", "input": {"prompt": "a", "s3Config": target}}
    run(use_case, DELIVERED | {"s3Config": target}, inside, DELIVERED)
    assert seen[0].target is not None
    assert seen[0].target == seen[1].target
    assert seen[2].target is None


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


def test_a_job_is_watched_until_its_reply_is_handed_over() -> None:
    log: list[object] = []

    @contextmanager
    def watch(job_id: str) -> Iterator[Sink]:
        log.append(("opened", job_id))
        yield lambda update: log.append((update.stage, update.step))
        log.append("closed")

    def use_case(_: GenerationRequest, __: Job, control: JobControl) -> GenerationResult:
        control.report(StageProgress("generate", 1, 2))
        message = "full"
        raise DiskFull(message)

    run(use_case, DELIVERED, watch=watch)
    assert log == [("opened", "j1"), ("generate", 1), "closed"]


class Rendering:
    """A use case that runs until it is stopped or, if `stubborn`, until it is released; `left` tells that it has."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.stubborn = stubborn
        self.entered, self.release, self.left = threading.Event(), threading.Event(), threading.Event()
        self.runs = 0

    def __call__(self, _: GenerationRequest, __: Job, control: JobControl) -> GenerationResult:
        self.runs += 1
        self.entered.set()
        try:
            while not self.release.wait(0.005):
                if not self.stubborn:
                    control.check()
        finally:
            self.left.set()
        message = "done"
        raise DiskFull(message)


@pytest.mark.parametrize("signals", [1, 2, 5])
def test_a_cancelled_job_is_told_to_stop_and_its_handler_stays_until_it_has(signals: int) -> None:
    use_case = Rendering(stubborn=True)

    async def scenario() -> None:
        task = asyncio.ensure_future(handler(use_case)(DELIVERED))
        await asyncio.to_thread(use_case.entered.wait, 10)
        for _ in range(signals):
            task.cancel()
            await asyncio.sleep(0.02)
            assert not task.done()
        use_case.stubborn = False
        with pytest.raises(asyncio.CancelledError):
            await task
        assert use_case.left.is_set()

    asyncio.run(scenario())


def test_the_stop_flag_belongs_to_the_delivery_and_not_to_the_id() -> None:
    first, second = Rendering(), Recorded()

    async def scenario() -> None:
        use_cases: Iterator[UseCase] = iter([first, second])

        def use_case(request: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
            return next(use_cases)(request, job, control)

        handle = handler(use_case)
        task = asyncio.ensure_future(handle(DELIVERED))
        await asyncio.to_thread(first.entered.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await handle(DELIVERED))["code"] == "disk_full"

    asyncio.run(scenario())
    assert second.jobs[0].id == "j1"
    second.controls[0].check()


def test_a_thread_that_does_not_stop_ends_the_process() -> None:
    use_case = Rendering(stubborn=True)
    given_up: list[float] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        handle = handler(use_case, grace_seconds=0.2, give_up=lambda: given_up.append(loop.time()))
        task = asyncio.ensure_future(handle(DELIVERED))
        await asyncio.to_thread(use_case.entered.wait, 10)
        begin = loop.time()
        task.cancel()
        await asyncio.sleep(0.05)
        task.cancel()  # does not begin the grace anew
        with pytest.raises(asyncio.CancelledError):
            await task
        assert 0.2 <= given_up[0] - begin < 2
        use_case.release.set()

    asyncio.run(scenario())
    assert len(given_up) == 1


def test_the_last_job_of_a_worker_asks_for_a_fresh_one() -> None:
    replies = run(Recorded(), DELIVERED, DELIVERED, max_jobs=2)
    assert [reply.get("refresh_worker") for reply in replies] == [None, True]


def test_a_cancelled_job_is_not_the_last_of_its_worker_for_nobody_would_hear_of_it() -> None:
    use_case = Rendering()

    async def scenario() -> dict[str, Any]:
        handle = handler(use_case, max_jobs=1)
        task = asyncio.ensure_future(handle(DELIVERED))
        await asyncio.to_thread(use_case.entered.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        use_case.release.set()
        return await handle(DELIVERED)

    assert asyncio.run(scenario())["refresh_worker"]


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
