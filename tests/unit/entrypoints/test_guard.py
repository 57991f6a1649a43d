"""The catch-all: each way a job can end is one reply and one line."""

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from application.job import Job
from application.job_control import JobControl
from container import open_codec
from domain.errors import DeadlineExceeded, GpuFailed, InputRefused, WorkerError
from domain.requests import GenerationRequest
from domain.results import GenerationResult
from entrypoints.guard import Guard, Operation
from entrypoints.replies import Reply, sealed

JOB = Job(id="job-1")
GOOD = {"prompt": "a dog"}


class Failing:
    """A use case that fails with `error`, and keeps what it was asked for."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.requests: list[GenerationRequest] = []

    def __call__(self, request: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
        self.requests.append(request)
        raise self.error


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    structlog.reset_defaults()
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as captured:
        yield captured


def reply_to(raw: object, error: BaseException) -> Reply:
    return Guard(open_codec(), Failing(error))(raw, JOB, JobControl())


def test_bad_input_never_reaches_the_use_case(lines: list[MutableMapping[str, Any]]) -> None:
    use_case = Failing(KeyError())
    reply = Guard(open_codec(), use_case)({}, JOB, JobControl())
    assert reply["error"] == "Invalid input: prompt is required"
    assert reply["code"] == "invalid_input"
    assert use_case.requests == []
    (line,) = lines
    assert line["log_level"] == "warning"
    assert line["job_id"] == "job-1"
    assert line["error_id"] == reply["error_id"]
    assert line["mode"] is None


@pytest.mark.parametrize("raw", [None, [], "x", 3, {"input": {}}, {1: 2}])
def test_anything_may_be_sent(raw: object, lines: list[MutableMapping[str, Any]]) -> None:
    assert reply_to(raw, KeyError())["code"] == "invalid_input"
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (InputRefused("image_url is not https"), "warning"),
        (DeadlineExceeded("late"), "warning"),
        (GpuFailed("lost"), "error"),
    ],
)
def test_an_error_of_ours_is_its_reply_and_its_line(
    error: WorkerError, level: str, lines: list[MutableMapping[str, Any]]
) -> None:
    reply = reply_to(GOOD, error)
    assert (reply["ok"], reply["code"], reply["error"]) == (False, error.code, error.message)
    assert reply["retryable"] is error.retryable
    assert reply.get("refresh_worker", False) is error.refresh_worker
    (line,) = lines
    assert (line["log_level"], line["code"], line["mode"]) == (level, error.code, "t2v")


def test_the_cause_is_for_the_log_only(lines: list[MutableMapping[str, Any]]) -> None:
    error = InputRefused("image_url may not be fetched")
    error.__cause__ = OSError("10.0.0.7 port 80")
    assert "10.0.0.7" not in str(reply_to(GOOD, error))
    assert lines[0]["cause"] == "OSError: 10.0.0.7 port 80"


@pytest.mark.parametrize(
    ("told", "logged"),
    [
        ("two\n  lines", "OSError: two lines"),
        ("gone\nTraceback (most recent call last):\n  File x", "OSError: gone"),
        (f"{'x ' * 240}0123456789secret", f"OSError:{' x' * 240} …"),  # half a secret would not be recognised
        ("x" * 501, "OSError: …"),
    ],
)
def test_a_cause_is_one_line_that_ends_at_a_words_end(
    told: str, logged: str, lines: list[MutableMapping[str, Any]]
) -> None:
    error = InputRefused("image_url may not be fetched")
    error.__cause__ = OSError(told)
    reply_to(GOOD, error)
    assert lines[0]["cause"] == logged


@pytest.mark.parametrize("error", [KeyError("canary"), MemoryError(), RecursionError(), AssertionError("canary")])
def test_a_bug_is_an_opaque_reply_and_a_traceback_under_its_id(
    error: Exception, lines: list[MutableMapping[str, Any]]
) -> None:
    reply = reply_to(GOOD, error)
    assert reply["code"] == "internal"
    assert reply["retryable"] is True
    assert reply["error"]
    assert "canary" not in str(reply)
    (line,) = lines
    assert line["error_id"] == reply["error_id"]
    assert line["exc_info"]
    assert line["job_id"] == "job-1"


def test_an_end_of_the_process_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        reply_to(GOOD, KeyboardInterrupt())


def test_error_ids_differ(lines: list[MutableMapping[str, Any]]) -> None:
    assert len({reply_to({}, KeyError())["error_id"] for _ in range(5)}) == 5


def test_the_jobs_id_does_not_stick_to_later_lines(lines: list[MutableMapping[str, Any]]) -> None:
    reply_to({}, KeyError())
    structlog.get_logger().info("later")
    assert lines[-1] == {"event": "later", "log_level": "info"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes", "x" * (1 << 20)])
def test_what_cannot_be_delivered_is_found_before_it_is_sent(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        sealed({"ok": True, "value": value})


def test_half_a_surrogate_pair_from_a_caller_is_delivered_as_a_question_mark() -> None:
    reply = reply_to({"prompt": "a", "\ud83d": 1}, KeyError())
    assert reply["code"] == "invalid_input"
    assert json.dumps(reply, ensure_ascii=False).encode()


def test_a_reply_is_sealed_as_it_is() -> None:
    reply = {"ok": True, "a": [1, 2.5, None, "ü"], "b": {"c": "x"}}
    assert sealed(reply) == reply


def test_a_failure_that_cannot_be_delivered_is_told_in_a_reply_that_can(lines: list[MutableMapping[str, Any]]) -> None:
    reply = reply_to(GOOD, InputRefused("x" * 2_000_000))
    assert (reply["code"], reply["ok"]) == ("internal", False)
    assert len(reply["error"]) < 100
    assert lines[-1]["error_id"] == reply["error_id"]


@pytest.mark.parametrize("fields", [{f"k{number}": 1 for number in range(50_000)}, {"k" * 2_000_000: 1}])
def test_a_mode_without_fields_names_only_so_many(
    fields: dict[str, int], lines: list[MutableMapping[str, Any]]
) -> None:
    guard = Guard(open_codec(), Failing(KeyError()), {"doctor": Operation(lambda _: {"ok": True})})
    reply = guard({"mode": "doctor", **fields}, JOB, JobControl())
    assert reply["code"] == "invalid_input"
    assert len(json.dumps(reply)) < 10_000
    assert len(reply["details"]) == min(21, len(fields))
    if len(fields) > 20:
        assert reply["details"][-1] == {"path": "input", "message": "has 49980 more fields, and mode doctor takes none"}
