"""When a worker with several jobs in hand stops taking more, and which reply asks for a fresh one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from entrypoints.worker_life import WorkerLife
from tests.support.worker_life import Sdk, life, sdk_running, sigterm


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    with sdk_running() as sdk:
        yield sdk


# Several jobs in hand


class Deliveries:
    """What the SDK does with a job: one task for each, which posts the reply when the handler has answered."""

    def __init__(self, sdk: Sdk, worker: WorkerLife) -> None:
        self.replies: dict[str, dict[str, object]] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._sdk = sdk
        self._worker = worker
        self._answers: dict[str, asyncio.Future[dict[str, object]]] = {}
        self._posts: dict[str, asyncio.Future[None]] = {}

    def begins(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        self._sdk.jobs += 1
        self._answers[name], self._posts[name] = loop.create_future(), loop.create_future()
        self.tasks[name] = loop.create_task(self._run(name))

    async def answers(self, name: str, **reply: object) -> None:
        self._answers[name].set_result(reply)
        await a_moment()

    async def is_posted(self, name: str) -> None:
        self._posts[name].set_result(None)
        await self.tasks[name]

    async def ends(self, name: str, **reply: object) -> None:
        await self.answers(name, **reply)
        await self.is_posted(name)

    async def _run(self, name: str) -> None:
        try:
            with self._worker.delivery():
                reply = await self._answers[name]
                self.replies[name] = await self._worker.answered(reply)
            await self._posts[name]
        finally:
            self._sdk.jobs -= 1


async def a_moment() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def begun(sdk: Sdk, worker: WorkerLife, *jobs: str) -> Deliveries:
    """Deliveries of `jobs`, each of which has begun."""
    deliveries = Deliveries(sdk, worker)
    for job in jobs:
        deliveries.begins(job)
    await a_moment()
    return deliveries


def played(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_deep_worker_always_answers_its_depth(sdk: Sdk) -> None:
    worker = life(sdk, depth=3)
    answers = []
    for sdk.jobs in range(4):
        answers.append(worker.concurrency(3))
    assert answers == [3, 3, 3, 3]


def test_sigterm_with_two_jobs_in_hand_lets_both_end_and_no_third_in(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=4)
        jobs = Deliveries(sdk, worker)
        worker.concurrency(4)
        jobs.begins("a")
        jobs.begins("b")
        sdk.jobs += 1  # a third one is queued: the SDK would never begin it at 0
        await a_moment()
        sigterm()
        assert worker.concurrency(4) == 4
        sdk.jobs -= 1
        assert worker.concurrency(4) == 0  # a poll would bring another one
        assert sdk.shut_down == 0
        await jobs.ends("a", ok=True)
        assert worker.concurrency(4) == 0
        assert sdk.shut_down == 0
        await jobs.ends("b", ok=True)
        assert worker.concurrency(0) == 0
        assert sdk.shut_down == 1
        assert jobs.replies == {"a": {"ok": True}, "b": {"ok": True}}

    played(scenario)


def test_a_full_worker_keeps_its_depth_for_it_polls_for_nothing(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=2)
        jobs = Deliveries(sdk, worker)
        worker.concurrency(2)
        jobs.begins("a")
        jobs.begins("b")
        await a_moment()
        sigterm()
        assert worker.concurrency(2) == 2  # any other number would wait until it is idle before it counts
        await jobs.ends("a")
        await jobs.ends("b")

    played(scenario)


def test_the_last_reply_asks_for_a_fresh_worker_and_not_the_one_that_wore_it_out(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=2)
        jobs = await begun(sdk, worker, "lost", "waits")
        await jobs.ends("lost", error="lost", refresh_worker=True)
        assert worker.concurrency(2) == 0
        assert not worker.takes_jobs
        await jobs.ends("waits", error="never begun", refresh_worker=True)
        assert jobs.replies == {
            "lost": {"error": "lost"}, "waits": {"error": "never begun", "refresh_worker": True},
        }  # fmt: skip
        assert not worker.takes_jobs

    played(scenario)


def test_a_job_that_outlives_the_lost_device_asks_for_it_though_nothing_is_wrong_with_it(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=2)
        jobs = await begun(sdk, worker, "stores its clip", "lost")
        await jobs.ends("lost", error="lost", refresh_worker=True)
        await jobs.ends("stores its clip", ok=True)
        assert jobs.replies["stores its clip"] == {"ok": True, "refresh_worker": True}

    played(scenario)


def test_of_two_jobs_that_end_together_the_second_waits_until_the_first_is_posted(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=2)
        jobs = await begun(sdk, worker, "a", "b")
        await jobs.answers("a", error="lost", refresh_worker=True)
        await jobs.answers("b", error="lost", refresh_worker=True)
        assert "b" not in jobs.replies  # its reply would end the worker, and with it the other one's post
        await jobs.is_posted("a")
        await jobs.is_posted("b")
        assert [jobs.replies[name].get("refresh_worker") for name in "ab"] == [None, True]

    played(scenario)


def test_who_waits_for_a_post_leaves_it_to_a_job_that_comes_meanwhile(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=3)
        jobs = await begun(sdk, worker, "a", "b")
        await jobs.answers("a", refresh_worker=True)
        await jobs.answers("b")
        jobs.begins("from an open poll")
        await jobs.is_posted("b")
        await jobs.is_posted("a")
        await jobs.ends("from an open poll")
        assert [jobs.replies[name].get("refresh_worker") for name in jobs.replies] == [None, None, True]

    played(scenario)


def test_a_post_that_hangs_is_not_waited_for_for_ever_and_the_next_job_asks_again(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=2, post_seconds=0.1)
        jobs = await begun(sdk, worker, "a", "b")
        await jobs.answers("a", refresh_worker=True)
        await jobs.ends("b")
        assert jobs.replies["b"] == {}
        assert worker.concurrency(2) == 0
        await jobs.is_posted("a")
        assert worker.concurrency(2) == 2  # nobody was told: idle for ever is worse than one job more
        jobs.begins("c")
        await a_moment()
        await jobs.ends("c")
        assert jobs.replies["c"] == {"refresh_worker": True}
        assert worker.concurrency(2) == 0

    played(scenario)


def test_a_last_job_that_is_cancelled_leaves_the_asking_to_the_next(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=2)
        jobs = await begun(sdk, worker, "lost", "cancelled")
        await jobs.ends("lost", refresh_worker=True)
        jobs.tasks["cancelled"].cancel()
        with pytest.raises(asyncio.CancelledError):
            await jobs.tasks["cancelled"]
        await a_moment()
        assert worker.concurrency(2) == 2
        jobs.begins("next")
        await a_moment()
        await jobs.ends("next", refresh_worker=True)
        assert jobs.replies["next"] == {"refresh_worker": True}

    played(scenario)


def test_no_more_jobs_are_taken_than_the_worker_has_left(sdk: Sdk) -> None:
    async def scenario() -> None:
        worker = life(sdk, depth=3, max_jobs=3)
        jobs = await begun(sdk, worker, "a", "b")
        assert worker.concurrency(3) == 3
        await jobs.answers("a")
        assert worker.concurrency(3) == 3  # its reply is on its way: it has been counted
        await jobs.is_posted("a")
        jobs.begins("c")
        await a_moment()
        assert worker.concurrency(3) == 0
        await jobs.ends("b")
        await jobs.ends("c")
        assert [jobs.replies[name].get("refresh_worker") for name in "abc"] == [None, None, True]

    played(scenario)


def test_two_deliveries_of_one_id_are_two_jobs_in_hand(sdk: Sdk) -> None:
    """The SDK's list has the id once, and loses it with the first that ends."""

    async def scenario() -> None:
        worker = life(sdk, depth=2)
        jobs = Deliveries(sdk, worker)
        worker.concurrency(2)
        jobs.begins("first")
        jobs.begins("second")
        sdk.jobs = 1
        await a_moment()
        await jobs.answers("first", refresh_worker=True)
        assert jobs.replies["first"] == {}
        await jobs.is_posted("first")
        assert sdk.jobs == 0
        sigterm()
        assert worker.concurrency(2) == 0
        assert sdk.shut_down == 0
        sdk.jobs = 1
        await jobs.ends("second")
        assert jobs.replies["second"] == {"refresh_worker": True}
        worker.concurrency(0)
        assert sdk.shut_down == 1

    played(scenario)
