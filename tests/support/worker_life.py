"""The SDK's side of a worker's life."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from entrypoints.worker_life import WorkerLife


class Sdk:
    """The SDK's side: its own SIGTERM handler, and the jobs that it holds."""

    def __init__(self) -> None:
        self.jobs = 0
        self.shut_down = 0

    def handle_shutdown(self, *_: object) -> None:
        self.shut_down += 1


@contextmanager
def sdk_running() -> Iterator[Sdk]:
    """With its handler in place, and the former one afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    sdk = Sdk()
    signal.signal(signal.SIGTERM, sdk.handle_shutdown)
    yield sdk
    signal.signal(signal.SIGTERM, before)


def life(sdk: Sdk, max_jobs: int = 0, depth: int = 1, post_seconds: float = 10.0) -> WorkerLife:
    return WorkerLife(jobs_in_hand=lambda: sdk.jobs, max_jobs=max_jobs, depth=depth, post_seconds=post_seconds)


def sigterm() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
