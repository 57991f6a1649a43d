"""Several jobs in hand (PIPELINE_DEPTH), through the SDK: what overlaps, what does not, and how they end."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from tests.e2e.settings import synthetic_and_local
from tests.support.gated_worker import GATED, LEFT, STORING, TAKEN, UPLOADS, Gates
from tests.support.http_server import Reply, serving
from tests.support.pictures import encoded, two_halves
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

PICTURE = encoded(two_halves(64, 96))
DEPTHS = {"overlap": 2, "twice": 2, "cancel": 2, "sigterm": 2, "lost": 3}


@attrs.frozen(eq=False)
class Stage:
    """A worker, a cloud and gates of its own."""

    cloud: RunPodCloud
    worker: WorkerProcess
    gates: Gates

    def begins(self, job_id: str) -> None:
        """Return when `job_id` is on a thread, whatever it waits for."""
        self.cloud.until(lambda: f'"{job_id}", "message": "Started."' in self.worker.output())

    def has_device(self, job_id: str) -> None:
        self.cloud.until(lambda: self.worker.events(TAKEN, job_id))

    def turns(self) -> list[tuple[str, str]]:
        """Who took the device, and who left it, in order."""
        return [(line["event"], line["job_id"]) for line in self.worker.log_lines() if line["event"] in {TAKEN, LEFT}]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Stage]]:
    """Started at once, as each imports for seconds."""
    with ExitStack() as stack:
        stages = {name: _stage(stack, tmp_path_factory.mktemp(name), depth) for name, depth in DEPTHS.items()}
        for stage in stages.values():
            stage.cloud.until(lambda stage=stage: stage.cloud.open_polls == 1, 90)  # type: ignore[misc]  # bound now
        yield stages


def _stage(stack: ExitStack, folder: Path, depth: int) -> Stage:
    cloud, gates = stack.enter_context(RunPodCloud()), Gates(folder / "gates")
    gates.folder.mkdir()
    cloud.hold_job_take()
    settings = {
        **synthetic_and_local(folder / "store"),
        "PIPELINE_DEPTH": str(depth),
        "GATES": str(gates.folder),
        "INPUT_ALLOW_PRIVATE_HOSTS": "127.0.0.1/32",
    }
    worker = stack.enter_context(WorkerProcess(folder, settings, cloud=cloud, command=GATED))
    return Stage(cloud, worker, gates)


def test_the_second_job_fetches_while_the_first_denoises_and_denoises_while_the_first_is_stored(
    stages: Mapping[str, Stage],
) -> None:
    stage = stages["overlap"]
    cloud, gates = stage.cloud, stage.gates
    with serving({"/p.png": Reply(body=PICTURE, headers={"Content-Type": "image/png"})}) as server:
        cloud.release_job_take()
        first = cloud.submit(gates.job_input("first"))
        stage.has_device(first)
        second = cloud.submit(gates.job_input("second", mode="i2v", image_url=server.url("/p.png")))
        third = cloud.submit(gates.job_input("third"))
        cloud.until(lambda: server.requests)
    assert cloud.job(third).state == "IN_QUEUE"
    assert stage.turns() == [(TAKEN, first)]
    gates.open("first")
    stage.has_device(second)
    cloud.until(lambda: stage.worker.events(STORING, first))
    assert cloud.finals(first) == []
    assert stage.turns() == [(TAKEN, first), (LEFT, first), (TAKEN, second)]
    gates.open(UPLOADS, "second", "third")
    assert [cloud.wait(job_id).state for job_id in (first, second, third)] == ["COMPLETED"] * 3
    assert stage.turns() == [(event, job_id) for job_id in (first, second, third) for event in (TAKEN, LEFT)]
    assert [cloud.job(job_id).output["meta"]["cold"] for job_id in (first, second)] == [True, False]
    assert list(stage.worker.tmp.glob("ltx2-job-*")) == []


def test_the_same_job_twice_at_once_is_two_jobs_with_one_clip(stages: Mapping[str, Stage]) -> None:
    stage = stages["twice"]
    cloud, gates = stage.cloud, stage.gates
    gates.open(UPLOADS)
    cloud.release_job_take()
    job_id = cloud.submit(gates.job_input("gate"))
    stage.has_device(job_id)
    cloud.deliver_again(job_id)
    cloud.until(lambda: stage.worker.output().count(f'"{job_id}", "message": "Started."') == 2)
    gates.open("gate")
    cloud.until(lambda: len(cloud.finals(job_id)) == 2)
    first, second = (post.body["output"]["storage"] for post in cloud.finals(job_id))
    assert (first["path"], first["sha256"]) == (second["path"], second["sha256"])
    assert [event for event, _ in stage.turns()] == [TAKEN, LEFT, TAKEN, LEFT]
    assert cloud.wait(cloud.submit(gates.job_input("gate"))).state == "COMPLETED"


def test_a_waiting_job_is_cancelled_and_the_running_one_does_not_notice(stages: Mapping[str, Stage]) -> None:
    stage = stages["cancel"]
    cloud, gates, worker = stage.cloud, stage.gates, stage.worker
    gates.open(UPLOADS)
    cloud.release_job_take()
    running = cloud.submit(gates.job_input("running"))
    stage.has_device(running)
    waiting = cloud.submit(gates.job_input("waiting"))
    stage.begins(waiting)
    cloud.cancel(waiting)
    cloud.until(lambda: worker.events("job.failed", waiting))
    assert worker.events("job.failed", waiting)[0]["code"] == "cancelled"
    next_one = cloud.submit(gates.job_input("next"))
    stage.begins(next_one)
    cloud.cancel(running)  # now the other way round: who waits gets the device
    stage.has_device(next_one)
    gates.open("next")
    assert cloud.wait(next_one).state == "COMPLETED"
    assert stage.turns() == [(TAKEN, running), (LEFT, running), (TAKEN, next_one), (LEFT, next_one)]
    assert (cloud.finals(running), cloud.finals(waiting)) == ([], [])


def test_sigterm_drains_both_jobs_and_takes_no_third(stages: Mapping[str, Stage]) -> None:
    stage = stages["sigterm"]
    cloud, gates, worker = stage.cloud, stage.gates, stage.worker
    gates.open(UPLOADS)
    both = [cloud.submit(gates.job_input(gate)) for gate in ("a", "b")]
    cloud.release_job_take()  # the idle worker gets both at once, through the batch door
    for job_id in both:
        stage.begins(job_id)
    worker.terminate()
    cloud.until(lambda: worker.events("worker.terminating"))
    third = cloud.submit(gates.job_input("c"))
    gates.open("a", "b")
    assert worker.wait_exit(20) == 0
    assert [cloud.job(job_id).state for job_id in (*both, third)] == ["COMPLETED", "COMPLETED", "IN_QUEUE"]
    assert worker.events("worker.terminating")[0]["jobs_in_hand"] == 2
    assert '"message": "Jobs in queue: 2"' in worker.output()


def test_a_job_that_waits_for_a_lost_device_fails_as_retryable_and_the_last_reply_asks_for_a_fresh_worker(
    stages: Mapping[str, Stage],
) -> None:
    stage = stages["lost"]
    cloud, gates, worker = stage.cloud, stage.gates, stage.worker
    cloud.release_job_take()
    stored = cloud.submit(gates.job_input("stored"))
    stage.has_device(stored)
    lost = cloud.submit(gates.job_input("lost", is_lost=True))
    stage.begins(lost)
    gates.open("stored")
    stage.has_device(lost)
    waiting = cloud.submit(gates.job_input("never"))
    stage.begins(waiting)
    cloud.until(lambda: worker.events(STORING, stored))
    gates.open("lost")
    for job_id in (lost, waiting):
        failed = cloud.wait(job_id)
        assert (failed.state, failed.output["code"], failed.output["retryable"]) == ("FAILED", "gpu_failed", True)
        assert cloud.finals(job_id)[0].body.get("stopPod") is None
    late = cloud.submit(gates.job_input("never"))
    gates.open(UPLOADS)
    assert cloud.wait(stored).state == "COMPLETED"
    assert cloud.finals(stored)[0].body.get("stopPod") is True
    worker.terminate()
    assert worker.wait_exit(20) == 0
    assert cloud.job(late).state == "IN_QUEUE"
    assert stage.turns() == [(TAKEN, stored), (LEFT, stored), (TAKEN, lost), (LEFT, lost)]
