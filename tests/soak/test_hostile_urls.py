"""Hostile URLs to the worker as RunPod runs it: real sockets, the system's resolver, a canary beside the allowed host.

The SDK takes one job a second, so these are the cases that could reach the canary from here;
`tests/security/test_hostile_jobs.py` has all of them, in one process.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.settings import synthetic_and_local
from tests.security.attack_server import AttackServer, Script
from tests.security.canary import Canary
from tests.security.hostile_answers import GOOD, answer
from tests.security.hostile_hosts import in_url
from tests.security.hostile_urls import corpus, scripts, texts
from tests.security.hostile_worker import NORMAL
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

pytestmark = pytest.mark.soak

CODES: Final = {"input_refused", "input_unavailable", "input_unreadable", "deadline_exceeded"}
EVERY: Final = 6
"""Of the answers that do not lead anywhere one in six is tried."""


def led_to(canary: Canary, script: Script) -> Script:
    """`script`, with the canary where it leads inside."""
    inside = f"http://{canary.hosts[0]}:{canary.port}/".encode()

    def led() -> Iterator[bytes | float]:
        for piece in script():
            yield piece.replace(b"https://127.0.0.2/", inside) if isinstance(piece, bytes) else piece

    return led


def hostile_inputs(canary: Canary, port: int) -> Iterator[tuple[str, str]]:
    """(what, URL): the canary's very port in many spellings, and what the allowed host answers."""
    for host in canary.hosts:
        yield f"canary at {host}", f"http://{in_url(host)}:{canary.port}/good.png"
    for case in texts("http", f":{canary.port}"):
        if case.name in {"another loopback", "loopback 6"} or "127.0.0.2" in case.name:
            yield case.id, case.url
    scripted = [case for case in corpus() if case.script is not None]
    leading = [case for case in scripted if b"https://127.0.0.2/" in b"".join(_start(case.script))]
    others = [case for case in scripted if case not in leading]
    for case in (*leading, *others[::EVERY]):
        yield case.id, case.url.replace("https://attacker.example", f"http://127.0.0.1:{port}")


def _start(script: Script | None) -> Iterator[bytes]:
    for _, piece in zip(range(2), script() if script else (), strict=False):
        yield piece if isinstance(piece, bytes) else b""


@pytest.mark.timeout(600)
def test_a_real_worker_wakes_nobody_and_serves_a_normal_job_after_each(tmp_path: Path) -> None:
    with Canary() as canary:
        answers = {path: led_to(canary, script) for path, script in scripts().items()}
        settings = {**synthetic_and_local(tmp_path / "store"), "INPUT_ALLOW_PRIVATE_HOSTS": "127.0.0.1/32"}
        with (
            AttackServer({**answers, "/good.png": answer(GOOD)}) as server,
            RunPodCloud() as cloud,
            WorkerProcess(tmp_path, settings, cloud=cloud) as worker,
        ):
            worker.wait_ready()
            tried = 0
            for what, url in hostile_inputs(canary, server.port):
                hostile = outcome(cloud, url, policy={"executionTimeout": 1_500})
                assert hostile["code"] in CODES, (what, hostile)
                normal = outcome(cloud, f"http://127.0.0.1:{server.port}/good.png")
                assert normal["ok"] is True, (what, normal)
                assert canary.reached() == [], what
                tried += 1
            assert worker.returncode is None
            assert worker.events("job.broke") == []
    assert tried >= 60


def outcome(cloud: RunPodCloud, url: str, **extras: Any) -> dict[str, Any]:
    """The reply to a job that starts with the picture at `url`."""
    job = cloud.wait(cloud.submit({**NORMAL, "image_url": url}, **extras))
    return dict(job.output)
