"""The doctor as a job."""

import pytest

from application.diagnose import Check, Diagnose
from application.job import Job
from application.job_control import JobControl
from container import open_codec
from domain.errors import StorageBucket
from entrypoints.examination import as_operation
from entrypoints.guard import Guard
from entrypoints.replies import Reply


def no_bucket() -> str:
    message = "The bucket is missing"
    raise StorageBucket(message)


GOOD = Check(name="disk", examine=lambda: "74 GiB free")
BAD = Check(name="store", examine=no_bucket)


def reply_to(raw: object, *checks: Check) -> Reply:
    def never(*_: object) -> object:
        pytest.fail("no clip was asked for")

    guard = Guard(open_codec(), never, {"doctor": as_operation(Diagnose(checks))})  # type: ignore[arg-type]  # never called
    return guard(raw, Job(id="j"), JobControl())


def test_a_fit_worker() -> None:
    reply = reply_to({"mode": "doctor"}, GOOD)
    assert reply["ok"] is reply["fit"] is True
    assert reply["checks"] == [{"name": "disk", "ok": True, "found": "74 GiB free"}]


def test_an_unfit_worker_says_what_is_wrong_in_a_job_that_succeeds() -> None:
    reply = reply_to({"mode": "doctor", "prompt": None}, GOOD, BAD)
    assert reply["ok"] is True
    assert reply["fit"] is False
    assert reply["checks"][1] == {"name": "store", "ok": False, "found": "The bucket is missing"}


def test_it_takes_no_other_field() -> None:
    reply = reply_to({"mode": "doctor", "prompt": "a", "steps": 3}, GOOD)
    assert reply["code"] == "invalid_input"
    assert [fault["path"] for fault in reply["details"]] == ["prompt", "steps"]
