"""A worker in the SDK's own loop tells a receiver on this machine how its jobs ended."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.settings import SMALL, synthetic_and_local
from tests.support.http_server import Reply
from tests.support.runpod_cloud import RunPodCloud
from tests.support.webhook_receiver import SECRET, Receiver, receiving
from tests.support.worker_process import WorkerProcess


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def telling(
    receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunPodCloud, WorkerProcess]]:
    folder = tmp_path_factory.mktemp("telling")
    settings = synthetic_and_local(folder / "store") | {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": SECRET}
    with RunPodCloud() as cloud, WorkerProcess(folder, settings, cloud=cloud) as worker:
        worker.wait_ready()
        yield cloud, worker


def test_a_job_is_told_before_the_platform_has_its_reply(
    telling: tuple[RunPodCloud, WorkerProcess], receiver: Receiver
) -> None:
    cloud, worker = telling
    receiver.server.add("/hook", Reply(status=503), Reply(status=204, length=None))
    job = cloud.wait(cloud.submit(SMALL))
    first, second = receiver.events()
    assert (job.state, first.id) == ("COMPLETED", second.id)
    assert job.output["meta"].pop("webhook") == {
        "operator": {"delivered": True, "attempts": 2, "last_status": 204, "reason": None}
    }
    assert second.document["data"] == {"job_id": job.id, **job.output}
    (line,) = worker.events("webhook.delivered", job.id)
    assert (line["recipient"], line["attempts"], line["status"]) == ("operator", 2, 204)


def test_a_job_that_fails_is_told_with_its_error(
    telling: tuple[RunPodCloud, WorkerProcess], receiver: Receiver
) -> None:
    cloud, worker = telling
    before = len(receiver.requests)
    job = cloud.wait(cloud.submit({}))
    (event,) = receiver.events()[before:]
    assert job.state == "FAILED"
    assert event.document["type"] == "video.failed"
    assert event.document["data"]["error"] == job.error == "Invalid input: prompt is required"
    assert event.document["data"]["job_id"] == job.id
    assert "topsecret" not in worker.output()
    assert SECRET not in worker.output()


def test_the_command_line_tells_too(receiver: Receiver, tmp_path: Path) -> None:
    receiver.server.add("/hook", Reply(status=204, length=None))
    before = len(receiver.requests)
    (tmp_path / "job.json").write_text(json.dumps({"input": {**SMALL, "webhook_url": receiver.url}}), encoding="utf-8")
    settings = synthetic_and_local(tmp_path / "store") | {
        "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "INPUT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
        "WEBHOOK_SECRET": SECRET,
    }
    command = ("-m", "entrypoints.cli", "generate", "--input", str(tmp_path / "job.json"))
    with WorkerProcess(tmp_path, settings, command=command) as generate:
        assert generate.wait_exit() == 0
        assert "topsecret" not in generate.output()
    (event,) = receiver.events()[before:]
    assert event.document["type"] == "video.completed"
    assert event.id.startswith("cli-")
