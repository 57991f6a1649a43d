import re
import time
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.e2e.settings import LONG, SMALL
from tests.support.http_server import Reply, serving
from tests.support.runpod_cloud import RunPodCloud
from tests.support.runpod_queue import CloudJob
from tests.support.worker_process import WorkerProcess


@attrs.frozen
class Case:
    """`error`: a regular expression. `paths`: those of the reply's details."""

    job_input: Any
    code: str
    error: str
    paths: tuple[str, ...]


CASES = {
    "no prompt": Case({}, "invalid_input", "Invalid input: prompt is required", ("prompt",)),
    "no object": Case("a lighthouse", "invalid_input", "Invalid input: input must be an object, got .*", ("input",)),
    "unknown fields": Case(
        {**SMALL, "num_frame": 9, "webhook": "x"},
        "invalid_input",
        "Invalid input: num_frame .*num_frames.*; webhook .*",
        ("num_frame", "webhook"),
    ),
    "integers beyond every bound": Case(
        {**SMALL, "seed": 10**30, "fps": 10**400, "num_frames": 10**4000},
        "invalid_input",
        "Invalid input: seed must be .*; fps must be .*; num_frames must be .*",
        ("seed", "fps", "num_frames"),
    ),
    "too many frames": Case(
        {**SMALL, "num_frames": 1026, "fps": 120}, "over_limit", ".*num_frames .*1025.*", ("num_frames",)
    ),
    "a private host": Case(
        {**SMALL, "mode": "i2v", "image_url": "http://127.0.0.2:8080/metadata"},
        "input_refused",
        "image_url must be an https URL",
        ("image_url",),
    ),
    "no base64": Case(
        {**SMALL, "mode": "i2v", "image_base64": "!"},
        "input_unreadable",
        "image_base64 is not valid base64",
        ("image_base64",),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_bad_request_fails_with_its_code_and_one_line_of_log(
    case: Case, cloud: RunPodCloud, worker: WorkerProcess
) -> None:
    job = cloud.wait(cloud.submit(case.job_input))
    assert_failed(job, case.code, worker, retryable=False)
    assert re.fullmatch(case.error, job.error)
    assert tuple(detail["path"] for detail in job.output["details"]) == case.paths


def test_a_picture_that_its_host_does_not_have_is_worth_another_try(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    with serving({}) as host:
        job = cloud.wait(cloud.submit({**SMALL, "mode": "i2v", "image_url": host.url("/gone.png")}))
    assert_failed(job, "input_unavailable", worker, retryable=True)
    assert "127.0.0.1" not in job.error


def test_a_file_that_is_no_picture(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    with serving({"/page": Reply(body=b"<html></html>")}) as host:
        job = cloud.wait(cloud.submit({**SMALL, "mode": "i2v", "image_url": host.url("/page")}))
    assert_failed(job, "input_unreadable", worker, retryable=False)


def test_a_job_ends_with_its_time_budget_and_leaves_nothing(
    cloud: RunPodCloud, worker: WorkerProcess, store: Path
) -> None:
    begin = time.monotonic()
    job = cloud.wait(cloud.submit(LONG, policy={"executionTimeout": 400}))
    assert_failed(job, "deadline_exceeded", worker, retryable=True)
    assert time.monotonic() - begin < 5
    assert list(worker.tmp.glob("ltx2-job-*")) == []
    assert list(store.rglob(f"*{job.id}*")) == []


def test_the_worker_goes_on_after_failures(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    jobs = [cloud.submit(job_input) for job_input in ({}, SMALL)]
    assert [cloud.wait(job_id).state for job_id in jobs] == ["FAILED", "COMPLETED"]


def assert_failed(job: CloudJob, code: str, worker: WorkerProcess, *, retryable: bool) -> None:
    """The contract's failure, and its line in the log under the same error id."""
    assert job.state == "FAILED"
    assert isinstance(job.error, str)
    assert job.output.keys() == {"ok", "code", "retryable", "details", "error_id"}
    assert (job.output["ok"], job.output["code"], job.output["retryable"]) == (False, code, retryable)
    (line,) = worker.events("job.failed", job.id)
    assert (line["error_id"], line["code"], line["error"]) == (job.output["error_id"], code, job.error)
    assert line["level"] == "warning"
    assert worker.events("job.succeeded", job.id) == []
