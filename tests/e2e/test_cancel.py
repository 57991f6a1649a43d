"""Stop signals and time budgets, through the SDK: what was stopped leaves nothing, and the next job is as any other."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.settings import LONG, SMALL, synthetic_and_local
from tests.support.paced_worker import ENCODED, PACED, STEP, Pace
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

STEP_SECONDS = 0.8
"""A stop signal reaches the worker within a few hundredths of a second, and a test sees a log line within 0.1."""
NEXT = {**SMALL, "seed": 7}


@pytest.fixture(scope="module")
def paced_cloud() -> Iterator[RunPodCloud]:
    """Its polls outlast the tests: the SDK rests for a second behind a stop poll that brought nothing."""
    with RunPodCloud(poll_seconds=60.0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def paced_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def paced(
    paced_cloud: RunPodCloud, paced_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkerProcess]:
    folder, settings = tmp_path_factory.mktemp("paced"), synthetic_and_local(paced_store)
    with WorkerProcess(folder, settings, cloud=paced_cloud, command=PACED) as worker:
        worker.wait_ready()
        yield worker


@pytest.fixture(scope="module")
def undisturbed(cloud: RunPodCloud, worker: WorkerProcess) -> str:
    """The digest of NEXT's clip in a worker where nothing was ever cancelled."""
    digest: str = cloud.wait(cloud.submit(NEXT)).output["storage"]["sha256"]
    return digest


@pytest.mark.parametrize("signals", [1, 3])
def test_a_job_ends_with_the_step_in_which_it_is_cancelled(
    signals: int, paced_cloud: RunPodCloud, paced: WorkerProcess, paced_store: Path, undisturbed: str
) -> None:
    job_id = paced_cloud.submit(Pace(step=STEP_SECONDS).job_input(steps=6))
    paced_cloud.until(lambda: len(paced.events(STEP, job_id)) == 2)
    before = files(paced_store)
    paced_cloud.cancel(job_id, signals)
    assert_stopped(job_id, paced_cloud, paced)
    assert [line["step"] for line in paced.events(STEP, job_id)] == [1, 2]
    assert files(paced_store) == before
    assert_next_is_clean(paced_cloud, undisturbed)


def test_a_job_is_cancelled_while_its_clip_is_encoded(
    paced_cloud: RunPodCloud, paced: WorkerProcess, paced_store: Path, undisturbed: str
) -> None:
    job_id = paced_cloud.submit(LONG)
    paced_cloud.until(lambda: any(file.stat().st_size for file in paced.tmp.glob("ltx2-job-*/*.mp4")))
    before = files(paced_store)
    begin = time.monotonic()
    paced_cloud.cancel(job_id)
    assert_stopped(job_id, paced_cloud, paced)
    assert time.monotonic() - begin < 2
    assert files(paced_store) == before
    assert_next_is_clean(paced_cloud, undisturbed)


def test_a_job_is_cancelled_before_its_clip_is_stored_and_done_when_it_is_delivered_again(
    paced_cloud: RunPodCloud, paced: WorkerProcess, paced_store: Path
) -> None:
    job_id = paced_cloud.submit(Pace(held=STEP_SECONDS).job_input())
    paced_cloud.until(lambda: paced.events(ENCODED, job_id))
    before = files(paced_store)
    paced_cloud.cancel(job_id)
    assert_stopped(job_id, paced_cloud, paced)
    assert files(paced_store) == before
    paced_cloud.deliver_again(job_id)
    job = paced_cloud.wait(job_id)
    assert (job.state, job.deliveries) == ("COMPLETED", 2)
    assert (paced_store / job.output["storage"]["path"]).is_file()


def test_a_job_that_runs_out_of_time_is_answered_before_the_platforms_limit(
    paced_cloud: RunPodCloud, paced: WorkerProcess, paced_store: Path, undisturbed: str
) -> None:
    paced_cloud.until(lambda: paced_cloud.open_polls)
    before = files(paced_store)
    begin = time.monotonic()
    job_id = paced_cloud.submit(Pace(step=0.05).job_input(steps=200), policy={"executionTimeout": 3000})
    job = paced_cloud.wait(job_id)
    (answer,) = paced_cloud.finals(job_id)
    assert (job.state, job.output["code"], job.output["retryable"]) == ("FAILED", "deadline_exceeded", True)
    assert 2.5 < answer.seconds - begin < 3
    assert leftovers(paced) == []
    assert files(paced_store) == before
    assert_next_is_clean(paced_cloud, undisturbed)


def assert_stopped(job_id: str, cloud: RunPodCloud, worker: WorkerProcess) -> None:
    """The handler has left, its thread was gone before it, and neither posts or leaves anything."""
    cloud.until(lambda: f'"{job_id}", "message": "Job stopped."' in worker.output())
    (line,) = worker.events("job.failed", job_id)
    assert (line["code"], line["level"]) == ("cancelled", "warning")
    assert cloud.finals(job_id) == []
    assert leftovers(worker) == []


def assert_next_is_clean(cloud: RunPodCloud, undisturbed: str) -> None:
    """Asked once the cancelled job could have posted: the next one is done, and only that one was answered."""
    posts = len(cloud.posts)
    job = cloud.wait(cloud.submit(NEXT))
    assert (job.state, job.output["meta"]["warnings"]) == ("COMPLETED", [])
    assert job.output["storage"]["sha256"] == undisturbed
    assert {post.job_id for post in cloud.posts[posts:]} == {job.id}


def leftovers(worker: WorkerProcess) -> list[Path]:
    return list(worker.tmp.glob("ltx2-job-*"))


def files(store: Path) -> set[Path]:
    return set(store.rglob("*"))
