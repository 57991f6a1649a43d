"""moto: an S3 with good semantics that takes any credentials."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx

from tests.support.server_process import LOOPBACK, Program, port_in, running


@attrs.frozen
class MotoServer:
    """`endpoint` is the root; buckets are reached by path. Any key is accepted, signed or not."""

    endpoint: str

    def make_bucket(self, name: str) -> None:
        """An empty, private bucket in us-east-1."""
        httpx.put(f"{self.endpoint}/{name}", trust_env=False).raise_for_status()


@contextmanager
def moto_server(folder: Path) -> Iterator[MotoServer]:
    """A moto that keeps its objects in memory and in `folder`; up in half a second."""
    program = Program(
        command=[sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", "0"],
        folder=folder,
        environment={"TMPDIR": str(folder)},
    )
    with running(program, port_in(rf"Running on http://{LOOPBACK}:(\d+)")) as port:
        yield MotoServer(f"http://{LOOPBACK}:{port}")
