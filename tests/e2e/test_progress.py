"""Progress through the SDK: shown while the job runs, in order, and never after the result."""

import itertools

import attrs
import pytest

from tests.e2e.settings import LONG, SMALL
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

FIELDS = {"stage", "step", "total", "percent", "eta_seconds"}
SECONDS = {**LONG, "num_frames": 288}
"""Takes a few seconds on the synthetic model."""
SHORT = {**SMALL, "width": 512, "height": 512, "num_frames": 49}
"""Takes a few tenths of a second, in which the first update certainly goes out."""


@attrs.frozen
class Shown:
    """What the status had to show while a job of a few seconds ran."""

    job_id: str
    outputs: list[dict[str, object]]


@pytest.fixture(scope="module")
def shown(cloud: RunPodCloud, worker: WorkerProcess) -> Shown:
    outputs: list[dict[str, object]] = []
    job_id = cloud.submit(SECONDS)

    def is_over() -> bool:
        job = cloud.job(job_id)
        if job.state == "IN_PROGRESS" and job.output is not None and job.output not in outputs:
            outputs.append(job.output)
        return job.state == "COMPLETED"

    cloud.until(is_over)
    return Shown(job_id, outputs)


def test_the_status_of_a_running_job_shows_how_far_it_is(shown: Shown) -> None:
    assert len(shown.outputs) >= 2
    assert all(update.keys() == FIELDS for update in shown.outputs)
    assert {update["stage"] for update in shown.outputs} <= {"generate", "encode", "upload"}
    percents = [float(str(update["percent"])) for update in shown.outputs]
    assert percents == sorted(set(percents))
    assert shown.outputs[-1]["eta_seconds"] is not None


def test_posts_are_a_second_apart(shown: Shown, cloud: RunPodCloud) -> None:
    times = [post.seconds for post in cloud.progress(shown.job_id)]
    assert len(times) >= 2
    assert all(later - earlier > 0.8 for earlier, later in itertools.pairwise(times))


def test_nothing_comes_after_the_result_of_any_of_five_jobs(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    jobs = [cloud.wait(cloud.submit({**SHORT, "steps": steps})) for steps in (2, 10, 30, 60, 200)]
    last = cloud.wait(cloud.submit({"mode": "t2v"}))  # a job later, whatever was under way has arrived
    assert [job.state for job in jobs] == ["COMPLETED"] * 5
    for job in jobs:
        kinds = [post.kind for post in cloud.posts if post.job_id == job.id]
        assert kinds[-1] == "final"
        assert set(kinds[:-1]) == {"progress"}
    assert (last.state, cloud.progress(last.id)) == ("FAILED", [])


def test_a_platform_that_refuses_progress_gets_the_result(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    cloud.refuse("progress", times=1, status=500)
    job = cloud.wait(cloud.submit(SHORT))
    assert job.state == "COMPLETED"
    posts = [(post.kind, post.status) for post in cloud.posts if post.job_id == job.id]
    assert (posts[0], posts[-1]) == (("progress", 500), ("final", 200))
