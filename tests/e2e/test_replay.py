"""Results that cannot be lost: a job that comes again, and a store that is down for a whole job."""

import hashlib
from pathlib import Path
from typing import Any

from tests.e2e.settings import SMALL, SYNTHETIC, synthetic_and_local
from tests.support.runpod_cloud import RunPodCloud
from tests.support.supabase_replies import LOCK_TIMEOUT
from tests.support.supabase_server import SupabaseServer
from tests.support.worker_process import WorkerProcess

FROM_RECORD = "Answered from the record of an earlier delivery"


def identity(output: dict[str, Any]) -> tuple[object, ...]:
    return output["storage"]["path"], output["storage"]["sha256"], output["meta"]["seed"]


def test_a_second_delivery_is_answered_from_the_record_by_this_worker_and_by_a_new_one(tmp_path: Path) -> None:
    store, first, second = tmp_path / "store", tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with RunPodCloud(poll_seconds=0.2) as cloud:
        with WorkerProcess(first, synthetic_and_local(store), cloud=cloud) as worker:
            job = cloud.wait(cloud.submit(SMALL))
            made = dict(job.output)
            clip = store / made["storage"]["path"]
            written = clip.stat().st_mtime_ns
            cloud.deliver_again(job.id)
            same = cloud.wait(job.id).output
            assert [line["replayed"] for line in worker.events("job.succeeded", job.id)] == [False, True]
            worker.terminate()
            assert worker.wait_exit(15) == 0
        cloud.deliver_again(job.id)
        with WorkerProcess(second, synthetic_and_local(store), cloud=cloud, worker_id="worker-2") as worker:
            other = cloud.wait(job.id).output
            assert [line["replayed"] for line in worker.events("job.succeeded", job.id)] == [True]
            fresh = cloud.wait(cloud.submit(SMALL)).output
    assert cloud.job(job.id).deliveries == 3
    assert identity(made) == identity(same) == identity(other)
    assert clip.stat().st_mtime_ns == written
    assert not any(FROM_RECORD in warning for warning in made["meta"]["warnings"] + fresh["meta"]["warnings"])
    for reply in (same, other):
        assert [warning for warning in reply["meta"]["warnings"] if FROM_RECORD in warning]
        assert {**reply["meta"], "warnings": []} == {**made["meta"], "warnings": []}
    assert identity(fresh)[0] != identity(made)[0]


def test_a_store_that_is_down_for_a_whole_job_gets_the_same_bytes_later(tmp_path: Path) -> None:
    outbox, first, second = tmp_path / "outbox", tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with RunPodCloud(poll_seconds=0.2) as cloud, SupabaseServer() as server:
        settings = {
            **SYNTHETIC,
            "SUPABASE_URL": server.url,
            "SUPABASE_SERVICE_ROLE_KEY": server.key,
            "OUTBOX_DIR": str(outbox),
        }
        with WorkerProcess(first, settings, cloud=cloud) as worker:
            worker.wait_ready()
            server.fail(LOCK_TIMEOUT, times=1000)
            lost = cloud.wait(cloud.submit({**SMALL, "idempotency_key": "order-7"}), timeout=90)
            worker.terminate()
            assert worker.wait_exit(30) == 0
        assert (lost.state, lost.output["code"], lost.output["retryable"]) == ("FAILED", "storage_unavailable", True)
        pending = lost.output["storage"]
        assert pending["pending"] is True
        assert server.objects == {}
        (kept,) = [file for file in outbox.rglob("content") if _sha256(file) == pending["sha256"]]
        content = kept.read_bytes()

        server.recover()
        with WorkerProcess(second, settings, cloud=cloud, worker_id="worker-2") as worker:
            worker.wait_ready()
            delivered = server.objects[pending["path"]]
            again = cloud.wait(cloud.submit({**SMALL, "idempotency_key": "order-7"}))
            assert [line["replayed"] for line in worker.events("job.succeeded", again.id)] == [True]
    assert delivered.sha256 == hashlib.sha256(content).hexdigest() == pending["sha256"]
    assert again.state == "COMPLETED"
    assert again.output["storage"]["path"] == pending["path"]
    assert again.output["storage"]["signed_url"]
    assert [path for path in outbox.iterdir() if path.name.startswith("ready-")] == []


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
