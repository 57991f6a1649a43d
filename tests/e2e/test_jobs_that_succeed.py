import base64
import hashlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.e2e.settings import SMALL
from tests.support.http_server import Reply, serving
from tests.support.pictures import encoded, two_halves
from tests.support.runpod_cloud import RunPodCloud
from tests.support.runpod_queue import CloudJob
from tests.support.worker_process import API_KEY, WorkerProcess

PICTURE = encoded(two_halves(64, 96))
META = {
    "seed", "fps", "num_frames", "width", "height", "inference_seconds", "frame_rate", "steps", "guidance", "model",
    "device", "memory_policy", "recipe", "loras", "prompt_used", "audio", "duration_seconds", "generated", "timings",
    "peak_vram_bytes", "cold", "warnings", "worker_version",
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(cloud: RunPodCloud, worker: WorkerProcess) -> CloudJob:
    """A text-to-video job that went well."""
    return cloud.wait(cloud.submit({**SMALL, "seed": 7, "fps": 23.976, "file_name": "light.mp4"}))


def test_the_reply_has_the_contracts_shape(finished: CloudJob) -> None:
    assert (finished.state, finished.error) == ("COMPLETED", None)
    reply = finished.output
    assert reply.keys() == {"ok", "mode", "storage", "meta"}
    assert (reply["ok"], reply["mode"]) == (True, "t2v")
    assert reply["meta"].keys() == META
    asked = {name: reply["meta"][name] for name in ("seed", "width", "height", "num_frames", "frame_rate")}
    assert asked == {"seed": 7, "width": 64, "height": 96, "num_frames": 9, "frame_rate": "24000/1001"}
    assert reply["storage"].keys() == {
        "backend", "bucket", "path", "signed_url", "public_url", "expires_at", "bytes", "sha256", "content_type",
    }  # fmt: skip
    assert reply["storage"]["path"].split("/")[2:] == [finished.id, "light.mp4"]


def test_the_file_is_the_one_that_the_reply_describes(finished: CloudJob, store: Path) -> None:
    stored = finished.output["storage"]
    content = (store / stored["path"]).read_bytes()
    assert stored["public_url"] == (store / stored["path"]).as_uri()
    assert hashlib.sha256(content).hexdigest() == stored["sha256"]
    assert len(content) == stored["bytes"]
    assert content[4:8] == b"ftyp"


def test_the_log_has_one_line_of_success_and_the_id_on_every_line_of_the_job(
    finished: CloudJob, worker: WorkerProcess
) -> None:
    of_job = [line for line in worker.log_lines() if line.get("job_id") == finished.id]
    (line,) = [line for line in of_job if line["event"] == "job.succeeded"]
    assert (line["seed"], line["size"], line["level"]) == (7, "64x96", "info")
    nameless = [line for line in worker.log_lines() if line["event"].startswith("job.") and "job_id" not in line]
    assert nameless == []


def test_neither_secrets_nor_paths_of_the_machine_are_logged(
    finished: CloudJob, worker: WorkerProcess, folder: Path
) -> None:
    assert finished.id in worker.output()
    assert API_KEY not in worker.output()
    assert str(folder) not in worker.output()


def test_nothing_of_a_finished_job_is_left_on_the_disk(finished: CloudJob, worker: WorkerProcess) -> None:
    assert list(worker.tmp.glob("ltx2-job-*")) == []


def test_the_first_frame_may_come_as_base64(cloud: RunPodCloud, worker: WorkerProcess, store: Path) -> None:
    picture = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    job = cloud.wait(cloud.submit({**SMALL, "mode": "i2v", "image_base64": picture}))
    assert (job.state, job.output["mode"]) == ("COMPLETED", "i2v")
    assert colours_of(store / job.output["storage"]["path"]) == ("red", "blue")
    assert picture[30:60] not in worker.output()


def test_the_first_frame_may_come_from_a_private_host_that_is_allowed(
    cloud: RunPodCloud, worker: WorkerProcess, store: Path
) -> None:
    with serving({"/first.png": Reply(body=PICTURE)}) as host:
        url = host.url("/first.png?signature=OF_THE_CALLER")
        job = cloud.wait(cloud.submit({**SMALL, "mode": "i2v", "image_url": url}))
        assert colours_of(store / job.output["storage"]["path"]) == ("red", "blue")
        assert [seen.path for seen in host.requests] == ["/first.png?signature=OF_THE_CALLER"]
    assert job.output["meta"]["timings"]["fetch"] > 0
    assert "OF_THE_CALLER" not in worker.output()


def test_a_job_without_seed_makes_the_same_clip_when_it_is_delivered_again(
    cloud: RunPodCloud, worker: WorkerProcess
) -> None:
    job_id = cloud.submit(SMALL)
    first = cloud.wait(job_id)
    cloud.deliver_again(job_id)
    second = cloud.wait(job_id)
    assert cloud.job(job_id).deliveries == 2
    assert _identity(second) == _identity(first)


def test_a_result_that_the_platform_refuses_is_sent_again(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    cloud.refuse("final", status=500)
    job = cloud.wait(cloud.submit(SMALL))
    assert job.state == "COMPLETED"
    assert [post.status for post in cloud.finals(job.id)] == [500, 200]


def test_the_platform_hears_of_a_healthy_worker(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    cloud.until(lambda: cloud.pings)
    assert {(ping.worker, ping.query.get("status")) for ping in cloud.pings} == {("worker-1", None)}


def colours_of(clip: Path) -> tuple[str, str]:
    """The colours of the left and of the right half of the first frame."""
    with av.open(clip) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    middle = frame.shape[1] // 2
    halves = (np.median(half, axis=(0, 1)) for half in (frame[:, :middle], frame[:, middle:]))
    left, right = ("red" if red > 150 and blue < 100 else "blue" if blue > 150 else "other" for red, _, blue in halves)
    return left, right


def _identity(job: CloudJob) -> tuple[Any, ...]:
    return (job.output["meta"]["seed"], job.output["storage"]["path"], job.output["storage"]["sha256"])
