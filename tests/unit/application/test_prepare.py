"""Before the first job: every check is told, the first that matters stops the start."""

import pytest

from application.diagnose import Check, Diagnose, Finding
from application.prepare import Prepare
from application.warm_up import WarmUp
from domain.errors import ModelUnavailable, StorageBucket, StorageUnavailable, WorkerError
from tests.fakes.video_model import FakeVideoModel

GOOD = Check(name="disk", examine=lambda: "74 GiB free")


def failing(error: WorkerError) -> Check:
    def examine() -> str:
        raise error

    return Check(name="store", examine=examine)


def prepare(model: FakeVideoModel, *checks: Check) -> tuple[Finding, ...]:
    return Prepare(Diagnose(checks), WarmUp(model))()


def test_every_check_is_examined_also_after_one_that_failed() -> None:
    error = StorageBucket("The bucket is missing")
    findings = Diagnose((failing(error), GOOD))()
    assert findings == (
        Finding(name="store", line="The bucket is missing", error=error),
        Finding(name="disk", line="74 GiB free"),
    )


def test_a_ready_worker_has_loaded_its_model_and_made_a_clip_without_a_picture_and_one_with() -> None:
    model = FakeVideoModel()
    assert prepare(model, GOOD) == (Finding(name="disk", line="74 GiB free"),)
    assert [(str(plan.output.resolution), plan.output.frames, plan.steps) for plan in model.plans] == [
        ("64x64", 9, 2)
    ] * 2
    assert [len(inputs.pictures) for inputs in model.inputs] == [0, 1]


def test_a_failed_check_stops_the_start_before_the_model_is_touched() -> None:
    model = FakeVideoModel()
    with pytest.raises(StorageBucket):
        prepare(model, GOOD, failing(StorageBucket("missing")))
    assert model.plans == []


def test_every_finding_is_told_before_one_stops_the_start() -> None:
    told: list[Finding] = []
    checks = Diagnose((failing(StorageBucket("missing")), GOOD))
    with pytest.raises(StorageBucket):
        Prepare(checks, WarmUp(FakeVideoModel()))(told.append)
    assert [finding.name for finding in told] == ["store", "disk"]


def test_a_store_that_does_not_answer_is_only_told() -> None:
    error = StorageUnavailable("no answer")
    findings = prepare(FakeVideoModel(), failing(error))
    assert findings[0].error is error


def test_a_model_that_cannot_be_loaded_stops_the_start() -> None:
    model = FakeVideoModel()
    model.fail("load", ModelUnavailable("incomplete"))
    with pytest.raises(ModelUnavailable):
        prepare(model)
