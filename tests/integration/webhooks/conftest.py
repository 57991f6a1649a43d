from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.telling_worker import Worker
from tests.support.webhook_receiver import SECRET, Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def worker(tmp_path: Path, receiver: Receiver) -> Worker:
    """Its operator is told, and requests may name this machine."""
    settings = {"WEBHOOK_URL": receiver.url, "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1", "WEBHOOK_SECRET": SECRET}
    return Worker(tmp_path, settings)
