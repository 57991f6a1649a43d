"""Every way a device, an encoder or a store can fail a job, through the SDK: one code each, and the worker goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.settings import SMALL, SYNTHETIC
from tests.support.failing_worker import FAILING
from tests.support.runpod_cloud import RunPodCloud
from tests.support.supabase_server import SupabaseServer
from tests.support.worker_process import WorkerProcess

CLIP = {**SMALL, "num_frames": 17}


@pytest.fixture(scope="module")
def project() -> Iterator[SupabaseServer]:
    with SupabaseServer() as project:
        yield project


@pytest.fixture(scope="module")
def failing_cloud() -> Iterator[RunPodCloud]:
    with RunPodCloud(poll_seconds=0.2) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def failing(
    project: SupabaseServer, failing_cloud: RunPodCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkerProcess]:
    settings = {**SYNTHETIC, "SUPABASE_URL": project.url, "SUPABASE_SERVICE_ROLE_KEY": project.key}
    folder = tmp_path_factory.mktemp("worker")
    with WorkerProcess(folder, settings, cloud=failing_cloud, command=FAILING) as worker:
        worker.wait_ready()
        yield worker


def fails(cloud: RunPodCloud, worker: WorkerProcess, project: SupabaseServer, prompt: str) -> dict[str, object]:
    """The body that was posted for a job that failed; nothing of it is stored, and nothing is left on the disk."""
    stored = set(project.objects)
    job = cloud.wait(cloud.submit({**CLIP, "prompt": prompt}))
    assert job.state == "FAILED"
    assert job.error
    assert "canary" not in str(job.output) + str(job.error)
    assert set(project.objects) == stored
    assert list(worker.tmp.glob("ltx2-job-*")) == []
    assert worker.events("job.succeeded", job.id) == []
    return {"stopPod": cloud.finals(job.id)[0].body.get("stopPod"), **job.output}


@pytest.mark.parametrize(
    ("code", "retryable"), [("out_of_memory", False), ("encode_failed", False), ("internal", True)]
)
def test_what_fails_in_the_decode_keeps_its_own_code_and_the_next_job_is_done(
    failing_cloud: RunPodCloud, failing: WorkerProcess, project: SupabaseServer, code: str, retryable: bool
) -> None:
    reply = fails(failing_cloud, failing, project, code)
    assert (reply["code"], reply["retryable"], reply["stopPod"]) == (code, retryable, None)
    assert failing_cloud.wait(failing_cloud.submit(SMALL)).state == "COMPLETED"


def test_what_the_store_refuses_and_what_it_does_not_have(
    failing_cloud: RunPodCloud, failing: WorkerProcess, project: SupabaseServer
) -> None:
    bucket = project.buckets[project.bucket]
    bucket.file_size_limit = 10
    assert fails(failing_cloud, failing, project, "a")["code"] == "storage_rejected"
    bucket.file_size_limit = None
    del project.buckets[project.bucket]
    try:
        job = failing_cloud.wait(failing_cloud.submit(CLIP))
        assert (job.state, job.output["code"]) == ("FAILED", "storage_bucket")
    finally:
        project.buckets[project.bucket] = bucket
    assert failing_cloud.wait(failing_cloud.submit(SMALL)).state == "COMPLETED"


def test_a_lost_gpu_asks_for_another_worker_and_takes_no_further_job(
    failing_cloud: RunPodCloud, failing: WorkerProcess, project: SupabaseServer, tmp_path: Path
) -> None:
    """The last test of this worker."""
    reply = fails(failing_cloud, failing, project, "gpu_failed")
    assert (reply["code"], reply["retryable"], reply["stopPod"]) == ("gpu_failed", True, True)
    waiting = failing_cloud.submit(SMALL)
    settings = {**SYNTHETIC, "SUPABASE_URL": project.url, "SUPABASE_SERVICE_ROLE_KEY": project.key}
    with WorkerProcess(tmp_path, settings, cloud=failing_cloud, worker_id="worker-2"):
        done = failing_cloud.wait(waiting)
    assert (done.state, done.worker) == ("COMPLETED", "worker-2")
    assert failing.events("job.succeeded", waiting) == []
