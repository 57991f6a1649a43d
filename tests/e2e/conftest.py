"""One worker on the synthetic model and the local store, in the SDK's own loop, for all tests that leave it alive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.settings import synthetic_and_local
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess


@pytest.fixture(scope="package")
def cloud() -> Iterator[RunPodCloud]:
    with RunPodCloud() as cloud:
        yield cloud


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared worker's."""
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="package")
def store(folder: Path) -> Path:
    """Where the shared worker's clips go."""
    return folder / "store"


@pytest.fixture(scope="package")
def worker(cloud: RunPodCloud, folder: Path, store: Path) -> Iterator[WorkerProcess]:
    settings = {
        **synthetic_and_local(store),
        "INPUT_ALLOW_PRIVATE_HOSTS": "127.0.0.1/32",
        "UPLOAD_ALLOWED_HOSTS": "127.0.0.1",
        "INPUT_PREFIX": "inputs",
    }
    with WorkerProcess(folder, settings, cloud=cloud) as worker:
        worker.wait_ready()
        yield worker
