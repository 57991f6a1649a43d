import socket
from pathlib import Path

import pytest

from tests.e2e.settings import SMALL, SYNTHETIC
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess


@pytest.mark.soak
def test_with_nobody_at_the_stores_address_the_worker_starts_and_each_job_fails_after_its_retries(
    tmp_path: Path,
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # kept without listening: connections are refused, and no one else gets it
        settings = {
            **SYNTHETIC,
            "SUPABASE_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}",
            "SUPABASE_SECRET_KEY": "sb_secret_of_the_test",  # pragma: allowlist secret
        }
        with RunPodCloud() as cloud, WorkerProcess(tmp_path, settings, cloud=cloud) as worker:
            worker.wait_ready()
            assert [line["code"] for line in worker.events("worker.check_failed")] == ["storage_unavailable"]
            job = cloud.wait(cloud.submit(SMALL), timeout=90)
            assert job.state == "FAILED"
            assert (job.output["code"], job.output["retryable"]) == ("storage_unavailable", True)
            assert "127.0.0.1" not in job.error
            assert "sb_secret_of" not in worker.output()
            assert list(worker.tmp.glob("ltx2-job-*")) == []
