"""When a worker stops taking jobs."""

from collections.abc import Iterator

import pytest

from tests.support.worker_life import Sdk, life, sdk_running, sigterm


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    with sdk_running() as sdk:
        yield sdk


def test_a_worker_takes_one_job_at_a_time(sdk: Sdk) -> None:
    worker = life(sdk)
    assert [worker.concurrency(1) for _ in range(3)] == [1, 1, 1]
    assert sdk.shut_down == 0


def test_sigterm_while_a_poll_is_open_waits_for_the_poll_and_the_job_that_it_brings(sdk: Sdk) -> None:
    worker = life(sdk)
    assert worker.concurrency(1) == 1  # the poll opens behind this call
    sigterm()
    assert sdk.shut_down == 0  # the SDK would drop what the poll returns
    sdk.jobs = 1  # the poll has brought a job
    assert worker.concurrency(1) == 1  # 0 with a job queued: the SDK would never run it
    assert sdk.shut_down == 0
    sdk.jobs = 0
    assert worker.concurrency(1) == 0
    assert sdk.shut_down == 1


def test_sigterm_while_idle_ends_the_worker_behind_the_poll(sdk: Sdk) -> None:
    worker = life(sdk)
    worker.concurrency(1)
    sigterm()
    assert worker.concurrency(1) == 0
    assert sdk.shut_down == 1


def test_before_the_first_call_the_signal_is_the_sdks(sdk: Sdk) -> None:
    life(sdk)
    sigterm()
    assert sdk.shut_down == 1


@pytest.mark.parametrize("reply", [{"ok": True}, {"ok": False, "error": "x"}])
def test_a_worker_is_worn_out_after_its_jobs(sdk: Sdk, reply: dict[str, object]) -> None:
    worker = life(sdk, max_jobs=2)
    assert worker.finished(reply) == reply
    assert worker.concurrency(1) == 1
    assert worker.finished(reply) == {**reply, "refresh_worker": True}
    assert not worker.takes_jobs


def test_a_worn_out_worker_finishes_what_was_taken_and_takes_nothing_more(sdk: Sdk) -> None:
    worker = life(sdk)
    sdk.jobs = 1
    worker.finished({"ok": False, "error": "lost", "refresh_worker": True})
    assert worker.concurrency(1) == 1
    sdk.jobs = 0
    assert worker.concurrency(1) == 0
    assert sdk.shut_down == 0  # the platform ends it; until then it is idle
    sigterm()
    assert worker.concurrency(0) == 0
    assert sdk.shut_down == 1


def test_without_a_limit_a_worker_is_never_worn_out(sdk: Sdk) -> None:
    worker = life(sdk)
    assert all(worker.finished({"ok": True}) == {"ok": True} for _ in range(100))
    assert worker.takes_jobs
