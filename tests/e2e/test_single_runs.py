"""The worker outside of RunPod's queue, as its developers run it: the SDK's flags, its file, and its local server."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.settings import SMALL, SYNTHETIC, synthetic_and_local
from tests.support.worker_process import WORKER, WorkerProcess

COMMANDS = {
    "flag": (*WORKER, "--test_input", json.dumps({"input": SMALL})),
    "flag, bad request": (*WORKER, "--test_input", json.dumps({"input": {}})),
    "file": WORKER,
    "handler.py": ("handler.py", f"--test_input={json.dumps({'input': SMALL})}"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, WorkerProcess]]:
    """All of them at the same time, for each takes seconds to import what it needs."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(WorkerProcess(folder, synthetic_and_local(folder / "store"), command=command))
            for name, command in COMMANDS.items()
            for folder in [tmp_path_factory.mktemp("run")]
        }


@pytest.mark.parametrize(
    ("name", "size"), [("flag", "64x96"), ("file", "512x512"), ("handler.py", "64x96")]
)  # the file is the repository's test_input.json
def test_a_single_job_that_succeeds_ends_with_0(name: str, size: str, runs: dict[str, WorkerProcess]) -> None:
    assert runs[name].wait_exit() == 0
    (line,) = runs[name].events("job.succeeded", "local_test")
    assert line["size"] == size


def test_a_single_job_that_fails_ends_with_1(runs: dict[str, WorkerProcess]) -> None:
    assert runs["flag, bad request"].wait_exit() == 1
    (line,) = runs["flag, bad request"].events("job.failed", "local_test")
    assert line["error"] == "Invalid input: prompt is required"


def test_wrong_settings_end_with_1_where_no_platform_listens(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path, SYNTHETIC, command=COMMANDS["flag"]) as worker:
        assert worker.wait_exit() == 1
        (line,) = worker.events("worker.unfit")
    assert "SUPABASE_URL" in line["error"]


def test_the_local_server_answers_runsync(tmp_path: Path) -> None:
    port = free_port()
    command = (*WORKER, "--rp_serve_api", "--rp_api_port", str(port), "--rp_api_host", "127.0.0.1")
    with WorkerProcess(tmp_path, synthetic_and_local(tmp_path / "store"), command=command) as worker:
        worker.wait_listening(port)
        reply = post(f"http://127.0.0.1:{port}/runsync", {"input": SMALL})
    assert reply["status"] == "COMPLETED"
    assert (tmp_path / "store" / reply["output"]["storage"]["path"]).is_file()


def post(url: str, body: object) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http
        reply: dict[str, Any] = json.load(answer)
        return reply


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
