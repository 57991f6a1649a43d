"""The real network classes in the SDK's own loop: clips, failures, a second delivery, SIGTERM with a job in hand."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.pictures import encoded, two_halves
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

pytestmark = pytest.mark.soak

SMALL = {"prompt": "a dog", "seed": 1, "steps": 2, "width": 64, "height": 96, "num_frames": 9}
PICTURE = base64.b64encode(encoded(two_halves(64, 96))).decode("ascii")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunPodCloud]:
    with RunPodCloud() as cloud:
        yield cloud


@pytest.fixture(scope="module", params=["builtin/tiny", "builtin/tiny-2.3"])
def worker(
    request: pytest.FixtureRequest, cloud: RunPodCloud, folder: Path, hub_cache: Path
) -> Iterator[WorkerProcess]:
    own = folder / request.param.replace("/", "-")
    own.mkdir()
    settings = {
        "MODEL_NAME": request.param,
        "DEVICE": "cpu",
        "HF_HUB_CACHE": str(hub_cache),
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(folder / "store"),
    }
    with WorkerProcess(own, settings, cloud=cloud) as worker:
        worker.wait_ready()
        yield worker


@pytest.mark.timeout(300)
def test_a_worker_on_real_classes(cloud: RunPodCloud, folder: Path, worker: WorkerProcess) -> None:
    text = cloud.wait(cloud.submit(SMALL), timeout=60)
    picture = cloud.wait(cloud.submit({**SMALL, "mode": "i2v", "image_base64": PICTURE}), timeout=60)
    for job, mode in ((text, "t2v"), (picture, "i2v")):
        assert (job.state, job.output["mode"]) == ("COMPLETED", mode)
        stored = job.output["storage"]
        assert hashlib.sha256((folder / "store" / stored["path"]).read_bytes()).hexdigest() == stored["sha256"]
    assert text.output["storage"]["sha256"] != picture.output["storage"]["sha256"]

    floor = cloud.wait(cloud.submit({**SMALL, "steps": 1}))
    assert (floor.state, floor.output["code"]) == ("FAILED", "invalid_input")
    large = cloud.wait(cloud.submit({**SMALL, "num_frames": 2000}))
    assert (large.state, large.output["code"]) == ("FAILED", "over_limit")

    repeated = cloud.wait(cloud.submit(SMALL), timeout=60)
    assert repeated.output["storage"]["sha256"] == text.output["storage"]["sha256"]
    made = repeated.output["storage"]["path"]
    cloud.deliver_again(repeated.id)
    assert cloud.wait(repeated.id, timeout=60).output["storage"]["path"] == made
    assert [line["replayed"] for line in worker.events("job.succeeded", repeated.id)] == [False, True]

    last = cloud.submit({**SMALL, "steps": 40, "width": 256, "height": 256})
    cloud.until(lambda: cloud.progress(last), 60, "the job's first progress")
    worker.terminate()
    assert cloud.wait(last, timeout=60).state == "COMPLETED"
    assert worker.wait_exit(30) == 0


@pytest.mark.timeout(300)
def test_jobs_that_overlap_are_made_as_if_each_were_alone(tmp_path: Path, hub_cache: Path) -> None:
    settings = {
        "MODEL_NAME": "builtin/tiny-2.3",
        "DEVICE": "cpu",
        "HF_HUB_CACHE": str(hub_cache),
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(tmp_path / "store"),
        "PIPELINE_DEPTH": "3",
    }
    wanted = [
        SMALL,
        {**SMALL, "mode": "i2v", "image_base64": PICTURE, "steps": 6},
        {**SMALL, "seed": 2, "width": 256, "height": 256, "num_frames": 33},
        {**SMALL, "preset": "quality", "width": 128, "height": 128},
        {**SMALL, "low_vram": True, "output_format": "webm"},
        {**SMALL, "num_outputs": 2, "num_frames": 17},
    ]
    with RunPodCloud() as cloud, WorkerProcess(tmp_path, settings, cloud=cloud) as worker:
        worker.wait_ready()
        alone = [clips_of(cloud.wait(cloud.submit(fields), timeout=60).output) for fields in wanted]
        ids = [cloud.submit(fields) for fields in wanted]
        together = [clips_of(cloud.wait(job_id, timeout=120).output) for job_id in ids]
        worker.terminate()
        assert worker.wait_exit(30) == 0
    assert together == alone
    assert all(alone)


def clips_of(output: dict[str, Any]) -> list[str]:
    """The digests of a reply's clips."""
    return [reply["storage"]["sha256"] for reply in output.get("outputs", [output])]
