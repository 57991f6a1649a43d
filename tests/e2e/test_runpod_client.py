import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.settings import SMALL
from tests.support.runpod_cloud import ENDPOINT, RunPodCloud
from tests.support.worker_process import ROOT, WorkerProcess


def test_runpods_own_client_gets_what_the_worker_made(
    cloud: RunPodCloud, worker: WorkerProcess, tmp_path: Path
) -> None:
    client = subprocess.run(
        [sys.executable, "-m", "tests.support.endpoint_client", json.dumps(SMALL)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RUNPOD_ENDPOINT_BASE_URL": cloud.base_url},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    seen = json.loads(client.stdout.splitlines()[-1])
    assert seen["status"] == "COMPLETED"
    assert seen["output"] == cloud.job(seen["id"]).output
    assert (seen["failed"]["ok"], seen["failed"]["code"]) == (False, "invalid_input")
    assert seen["sync"]["storage"]["path"].split("/")[2].startswith("sync-")
    assert seen["health"]["jobs"]["completed"] >= 2


def test_the_readmes_sample_prints_where_the_clip_is(cloud: RunPodCloud, worker: WorkerProcess, tmp_path: Path) -> None:
    sample = subprocess.run(
        [sys.executable, "examples/client.py"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "RUNPOD_ENDPOINT_BASE_URL": cloud.base_url,
            "RUNPOD_ENDPOINT_ID": ENDPOINT,
            "RUNPOD_API_KEY": "of-a-client",  # pragma: allowlist secret
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    shown = sample.stdout.splitlines()[-1]
    made = [
        job.output["storage"]["public_url"]
        for job in cloud.jobs()
        if job.state == "COMPLETED" and job.output.get("storage")
    ]
    assert shown in made
