"""Several jobs in the handler's hands."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import structlog

from application.job import Job
from application.job_control import JobControl
from container import open_codec
from domain.errors import Cancelled, DiskFull
from domain.requests import GenerationRequest
from domain.results import GenerationResult
from entrypoints.guard import Guard
from entrypoints.job_handler import JobHandler
from entrypoints.worker_life import WorkerLife
from tests.unit.entrypoints.test_job_handler import DELIVERED, Recorded, Rendering, handler

# Several jobs in hand


class Several:
    """A use case whose jobs each wait for a word: `end(prompt)`. `controls` and `threads` are by prompt."""

    def __init__(self) -> None:
        self.controls: dict[str, JobControl] = {}
        self.threads: dict[str, str] = {}
        self.stopped: list[str] = []
        self._changed = threading.Condition()
        self._ended: set[str] = set()

    def __call__(self, request: GenerationRequest, _: Job, control: JobControl) -> GenerationResult:
        name = request.prompt.text
        with self._changed:
            self.controls[name], self.threads[name] = control, threading.current_thread().name
            self._changed.notify_all()
            while name not in self._ended:
                self._changed.wait(0.005)
                try:
                    control.check()
                except Cancelled:
                    self.stopped.append(name)
                    raise
        raise DiskFull(name)

    def end(self, name: str) -> None:
        with self._changed:
            self._ended.add(name)
            self._changed.notify_all()

    async def begun(self, *names: str) -> None:
        while not set(names) <= self.controls.keys():  # noqa: ASYNC110 - threads set it
            await asyncio.sleep(0.005)


def delivery(name: str, job_id: str | None = None) -> dict[str, Any]:
    return {"id": job_id or name, "input": {"prompt": name}}


def played(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_as_many_jobs_run_at_once_as_the_depth_says_each_on_a_thread_of_its_own() -> None:
    several = Several()

    async def scenario() -> None:
        handle = handler(several, depth=2)
        tasks = [asyncio.ensure_future(handle(delivery(name))) for name in "abc"]
        await several.begun("a", "b")
        await asyncio.sleep(0.02)
        assert several.controls.keys() == {"a", "b"}
        assert several.threads["a"] != several.threads["b"]
        several.end("b")
        await several.begun("c")
        several.end("a")
        several.end("c")
        assert [(await task)["error"].split(": ")[-1] for task in tasks] == ["a", "b", "c"]

    played(scenario)


def test_the_time_budget_and_the_place_in_the_row_count_from_the_pickup() -> None:
    several = Several()

    async def scenario() -> None:
        handle = handler(several, default_seconds=100.0)
        tasks = [asyncio.ensure_future(handle(delivery(name))) for name in "ab"]
        await several.begun("a")
        await asyncio.sleep(0.1)  # "b" has been picked up, and its thread is not there yet
        picked_up = several.controls["a"].picked_up
        several.end("a")
        await several.begun("b")
        several.end("b")
        await asyncio.gather(*tasks)
        second = several.controls["b"]
        assert 0 <= second.picked_up - picked_up < 0.08
        assert second.deadline == pytest.approx(second.picked_up + 100.0)

    played(scenario)


def test_the_last_job_of_a_worker_waits_for_a_reply_that_is_still_posted() -> None:
    in_hand = iter([2, 2, 1])
    asked: list[int] = []

    def jobs_in_hand() -> int:
        asked.append(next(in_hand, 1))
        return asked[-1]

    async def scenario() -> None:
        life = WorkerLife(jobs_in_hand=jobs_in_hand, max_jobs=1, depth=2)
        handle = JobHandler(Guard(open_codec(), Recorded()), life, may_return=True, depth=2)
        assert (await handle(DELIVERED))["refresh_worker"]

    played(scenario)
    assert asked[:3] == [2, 2, 1]


@pytest.mark.parametrize("job_id", [None, "the same"])
def test_a_stop_signal_stops_its_own_delivery_alone(job_id: str | None) -> None:
    several = Several()

    async def scenario() -> None:
        handle = handler(several, depth=2)
        first = asyncio.ensure_future(handle(delivery("first", job_id)))
        second = asyncio.ensure_future(handle(delivery("second", job_id)))
        await several.begun("first", "second")
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert several.stopped == ["second"]
        several.controls["first"].check()
        several.end("first")
        assert (await first)["code"] == "disk_full"

    played(scenario)


def test_a_process_that_is_given_up_tells_how_many_other_jobs_are_lost() -> None:
    stubborn, given_up = Rendering(stubborn=True), threading.Event()

    async def scenario() -> None:
        handle = handler(stubborn, depth=2, grace_seconds=0.05, give_up=given_up.set)
        tasks = [asyncio.ensure_future(handle(delivery(name))) for name in "ab"]
        while stubborn.runs < 2:  # noqa: ASYNC110 - threads count it
            await asyncio.sleep(0.005)
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        stubborn.release.set()
        await tasks[1]

    with structlog.testing.capture_logs() as lines:
        played(scenario)
    assert given_up.is_set()
    (line,) = [line for line in lines if line["event"] == "worker.stuck"]
    assert (line["jobs_lost"], line["grace_seconds"]) == (1, 0.05)
