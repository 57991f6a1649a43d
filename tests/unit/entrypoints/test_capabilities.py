"""What can be asked for, as a job and as lines."""

import pytest
from typing_extensions import override

from application.job import Job
from application.job_control import JobControl
from application.list_offers import ListOffers
from container import open_codec
from domain.errors import InvalidInput, ModelUnavailable
from domain.limits import Limits
from domain.offers import Offers, offers
from domain.profile import ModelProfile
from entrypoints.capabilities import as_lines, as_operation
from entrypoints.guard import Guard, Operation
from entrypoints.replies import Reply
from tests.fakes.video_model import FAKE_PROFILE, FakeVideoModel
from tests.unit.domain.test_plan_memory import on_a_gpu_with


def reply_to(raw: object, model: FakeVideoModel) -> Reply:
    def never(*_: object) -> object:
        pytest.fail("no clip was asked for")

    codec = open_codec()
    operations = {
        "capabilities": as_operation(codec, ListOffers(model, Limits())),
        "doctor": Operation(lambda _: {"ok": True, "mode": "doctor"}),
    }
    return Guard(codec, never, operations)(raw, Job(id="j"), JobControl())  # type: ignore[arg-type]  # never called


def test_a_job_is_told_without_a_model_being_loaded() -> None:
    model = FakeVideoModel()
    reply = reply_to({"mode": "capabilities"}, model)
    assert reply == open_codec().encode_offers(offers(FAKE_PROFILE, Limits()))
    assert model.loads == 0


def test_it_takes_no_other_field() -> None:
    reply = reply_to({"mode": "capabilities", "prompt": "a", "steps": None}, FakeVideoModel())
    assert (reply["code"], [fault["path"] for fault in reply["details"]]) == ("invalid_input", ["prompt"])


def test_the_listed_counts_are_the_most_that_is_taken() -> None:
    listed, codec = reply_to({"mode": "capabilities"}, FakeVideoModel()), open_codec()
    outputs, batch = listed["max_outputs"], listed["max_batch"]
    codec.decode_job({"prompt": "a", "num_outputs": outputs}, other_modes=())
    codec.decode_job({"batch": [{"prompt": "a"}] * batch}, other_modes=())
    for beyond in ({"prompt": "a", "num_outputs": outputs + 1}, {"batch": [{"prompt": "a"}] * (batch + 1)}):
        with pytest.raises(InvalidInput):
            codec.decode_job(beyond, other_modes=())


def test_a_checkpoint_that_cannot_be_described_is_a_failure() -> None:
    reply = reply_to({"mode": "capabilities"}, _Nameless())
    assert (reply["ok"], reply["code"]) == (False, "model_unavailable")


class _Nameless(FakeVideoModel):
    @override
    def describe(self) -> ModelProfile:
        message = "No snapshot"
        raise ModelUnavailable(message)


@pytest.mark.parametrize("mode", ["v3v", None, 7, ["doctor"]])
def test_the_reply_to_an_unknown_mode_names_modes_and_operations(mode: object) -> None:
    reply = reply_to({"mode": mode, "prompt": "a"}, FakeVideoModel())
    (fault,) = reply["details"]
    assert fault["path"] == "mode"
    assert fault["message"].startswith('must be one of "t2v", "i2v", ')
    assert '"capabilities", "doctor", got ' in fault["message"]


def lines(profile: ModelProfile) -> list[str]:
    listed: Offers = offers(profile, Limits())
    return list(as_lines(listed))


def test_a_person_reads_what_there_is_and_what_is_missing() -> None:
    told = lines(on_a_gpu_with(12 * 2**30))
    assert told[0] == "org/dev, revision main, ltx-2 dev, on NVIDIA L40S"
    assert "  t2v               yes" in told
    assert "limits: 1025 frames, 2088960 pixels, 20 seconds" in told
    assert any(line.startswith("  quality           480p ") for line in told)


def test_a_person_reads_that_nothing_fits() -> None:
    assert "  fast              none fits" in lines(on_a_gpu_with(2**20))
