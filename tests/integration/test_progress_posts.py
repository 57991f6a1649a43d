"""Progress through the SDK's own call: in order, and nothing after the result."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.support.job_done_server import JobDoneServer, job_done_server

ROOT = Path(__file__).resolve().parents[2]
JOBS = tuple(f"job-{number}" for number in range(50))
HANGING, REFUSED = "hanging", "refused"
KEY = "rpa_KEY_OF_THE_PLATFORM"


@attrs.frozen
class Done:
    """What the program left behind: seconds that closing took, and its lines on stdout and stderr."""

    server: JobDoneServer
    closing: dict[str, float]
    output: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with job_done_server({HANGING: "hang", REFUSED: 500}) as server:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path_factory.mktemp("home")),
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{server.url}$ID?gpu=none",
            "RUNPOD_AI_API_KEY": KEY,
            "RUNPOD_LOG_LEVEL": "INFO",
        }
        ran = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.support.progress_runs", *JOBS, HANGING, REFUSED],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        yield Done(server, json.loads(ran.stdout.splitlines()[-1]), ran.stdout + ran.stderr)


def test_in_fifty_jobs_no_progress_comes_after_the_result_and_none_out_of_order(done: Done) -> None:
    for job_id in JOBS:
        kinds = [post.is_progress for post in done.server.posts if post.job_id == job_id]
        assert kinds[-1:] == [False]
        assert all(kinds[:-1])
        steps = done.server.steps(job_id)
        assert steps
        assert steps == sorted(set(steps))


def test_the_platform_is_sent_what_the_docs_say(done: Done) -> None:
    body = next(post.body for post in done.server.posts if post.job_id == JOBS[0])
    assert body.keys() == {"status", "output"}
    assert body["status"] == "IN_PROGRESS"
    update = body["output"]
    assert update.keys() == {"stage", "step", "total", "percent", "eta_seconds"}
    assert (update["stage"], update["total"], update["eta_seconds"]) == ("generate", 100, None)
    assert update["percent"] == pytest.approx(84 / 98 * update["step"], abs=0.06)


def test_a_result_waits_for_no_update_that_was_not_sent(done: Done) -> None:
    assert max(done.closing[job_id] for job_id in JOBS) < 1.0
    assert sum(done.closing[job_id] for job_id in JOBS) / len(JOBS) < 0.1


def test_a_platform_that_hangs_is_left_after_two_seconds(done: Done) -> None:
    assert 1.0 < done.closing[HANGING] < 2.3
    assert done.server.hung_up == [HANGING]
    assert [post.is_progress for post in done.server.posts if post.job_id == HANGING] == [True, False]


def test_a_refused_update_delays_no_result_and_is_not_tried_again_after_it(done: Done) -> None:
    assert done.closing[REFUSED] < 0.5
    assert [post.is_progress for post in done.server.posts if post.job_id == REFUSED] == [True, False]


def test_nothing_is_left_open_and_no_key_is_printed(done: Done) -> None:
    assert "Warning" not in done.output
    assert KEY not in done.output
