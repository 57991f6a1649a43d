"""SIGTERM in the states of a worker that test_worker_start_and_end leaves out: loading, polling, draining."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from tests.e2e.settings import SMALL, synthetic_and_local
from tests.support.paced_worker import PACED, STEP, Pace
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

ATTEMPTS = 3
SDK_LOOKS_SECONDS = 0.5
"""The SDK looks into its queue ten times a second. Once it has seen that it is to end, it does not look again."""


@attrs.frozen(eq=False)
class Stage:
    """A worker and a cloud of its own."""

    cloud: RunPodCloud
    worker: WorkerProcess
    store: Path

    def signal_while_polling(self) -> None:
        self.worker.wait_ready()
        self.cloud.until(lambda: self.cloud.open_polls == 1)
        self.worker.terminate()

    def bring_a_job(self) -> None:
        self.cloud.submit(SMALL)
        self.cloud.release_job_take()


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Stage]]:
    """Started at once, as each imports for seconds."""
    with ExitStack() as stack:
        yield [_stage(stack, tmp_path_factory.mktemp("stage")) for _ in range(ATTEMPTS + 1)]


def _stage(stack: ExitStack, folder: Path) -> Stage:
    cloud, settings = stack.enter_context(RunPodCloud()), synthetic_and_local(folder / "store")
    cloud.hold_job_take()
    worker = stack.enter_context(WorkerProcess(folder, settings, cloud=cloud, command=PACED))
    return Stage(cloud, worker, folder / "store")


def test_a_job_that_an_open_poll_brings_after_the_signal_is_done(stages: list[Stage]) -> None:
    polling = stages[:ATTEMPTS]
    for stage in polling:
        stage.signal_while_polling()
    time.sleep(SDK_LOOKS_SECONDS)
    for stage in polling:
        stage.bring_a_job()
    for stage in polling:
        assert stage.worker.wait_exit(15) == 0
        (line,) = stage.worker.events("worker.terminating")
        (job,) = stage.cloud.jobs()
        assert line["jobs_in_hand"] == 0
        assert (job.state, job.deliveries) == ("COMPLETED", 1)
        assert (stage.store / job.output["storage"]["path"]).is_file()


def test_a_draining_worker_still_hears_that_its_job_is_cancelled(stages: list[Stage]) -> None:
    cloud, worker = stages[-1].cloud, stages[-1].worker
    cloud.release_job_take()
    job_id = cloud.submit(Pace(step=0.1).job_input(steps=200))
    cloud.until(lambda: worker.events(STEP, job_id))
    worker.terminate()
    worker.terminate()
    cloud.until(lambda: worker.events("worker.terminating"))
    cloud.cancel(job_id)
    assert worker.wait_exit(15) == 0
    (line,) = worker.events("job.failed", job_id)
    assert line["code"] == "cancelled"
    assert cloud.finals(job_id) == []


def test_a_worker_that_loads_tidies_up_and_goes(tmp_path: Path) -> None:
    """It is met while it builds the tiny checkpoint in the Hub cache, which takes about a second."""
    hub = tmp_path / "hub"
    settings = {
        "MODEL_NAME": "builtin/tiny",
        "DEVICE": "cpu",
        "HF_HUB_CACHE": str(hub),
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(tmp_path / "store"),
    }
    with RunPodCloud() as cloud, WorkerProcess(tmp_path, settings, cloud=cloud) as worker:
        job_id = cloud.submit(SMALL)
        cloud.until(lambda: unfinished(hub), 60)
        worker.terminate()
        assert worker.wait_exit(15) == 143
        assert (cloud.job(job_id).state, cloud.polls) == ("IN_QUEUE", [])
        assert unfinished(hub) == []
        assert [path for path in worker.tmp.rglob("*") if path.is_file()] == []  # torch makes an empty folder


def unfinished(hub: Path) -> list[Path]:
    return list(hub.rglob(".building-*"))
