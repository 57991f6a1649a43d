"""Cancels on the real pipeline: each stops within a denoising step, and none leaves a trace in the next clip."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

pytestmark = pytest.mark.soak

MOMENTS = (0, 1, 4, 9, 15, 21, 27, 33)
"""Steps after which the jobs are cancelled, as soon as their progress says so: up to a second and some steps later."""
LARGE = {"prompt": "a dog", "seed": 1, "steps": 40, "width": 768, "height": 512, "num_frames": 49}
"""A step takes a third of a second and more."""
SMALL = {**LARGE, "steps": 4, "width": 128, "height": 128, "num_frames": 17}
ON_TOP_SECONDS = 0.3
"""For the signal's way, the SDK, and the test that looks at the log."""


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunPodCloud]:
    """Its polls outlast the test: the SDK rests for a second behind a stop poll that brought nothing."""
    with RunPodCloud(poll_seconds=600.0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def worker(cloud: RunPodCloud, hub_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    folder = tmp_path_factory.mktemp("worker")
    settings = {
        "MODEL_NAME": "builtin/tiny",
        "DTYPE": "float32",
        "DEVICE": "cpu",
        "HF_HUB_CACHE": str(hub_cache),
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(folder / "store"),
    }
    with WorkerProcess(folder, settings, cloud=cloud) as worker:
        worker.wait_ready()
        yield worker


@pytest.mark.timeout(600)
def test_eight_cancels_end_within_a_step_each_and_the_next_clip_is_the_reference(
    cloud: RunPodCloud, worker: WorkerProcess
) -> None:
    reference = done(cloud)
    waits = [cancelled(cloud, worker, after) for after in MOMENTS]
    step = max(seconds for job in cloud.jobs() if (seconds := seconds_of_a_step(cloud, job.id)) is not None)
    assert max(waits) < step + ON_TOP_SECONDS, f"a step takes {step:.2f} s, the cancels took {waits}"
    assert done(cloud) == reference
    assert list(worker.tmp.glob("ltx2-job-*")) == []


def done(cloud: RunPodCloud) -> str:
    """The digest of the small clip."""
    job = cloud.wait(cloud.submit(SMALL), 60)
    assert job.state == "COMPLETED"
    digest: str = job.output["storage"]["sha256"]
    return digest


def cancelled(cloud: RunPodCloud, worker: WorkerProcess, after: int) -> float:
    """Seconds from the stop signal until the SDK's handler was free."""
    job_id = cloud.submit(LARGE)
    cloud.until(lambda: any(step >= after for _, step in steps(cloud, job_id)), 60)
    begin = time.monotonic()
    cloud.cancel(job_id, signals=2)
    while f'"{job_id}", "message": "Job stopped."' not in worker.output():
        assert time.monotonic() < begin + 60
        time.sleep(0.01)
    seconds = time.monotonic() - begin
    (line,) = worker.events("job.failed", job_id)
    assert line["code"] == "cancelled"
    assert {post.body["output"]["stage"] for post in cloud.progress(job_id)} == {"generate"}
    assert cloud.finals(job_id) == []
    return seconds


def seconds_of_a_step(cloud: RunPodCloud, job_id: str) -> float | None:
    """On average in this job; None where too few were shown."""
    shown = steps(cloud, job_id)
    if len(shown) < 2 or shown[-1][1] - shown[0][1] < 5:
        return None
    return (shown[-1][0] - shown[0][0]) / (shown[-1][1] - shown[0][1])


def steps(cloud: RunPodCloud, job_id: str) -> list[tuple[float, int]]:
    """When how many steps were shown to be done."""
    posts = [(post.seconds, post.body["output"]) for post in cloud.progress(job_id)]
    return [(seconds, shown["step"]) for seconds, shown in posts if shown["stage"] == "generate"]
