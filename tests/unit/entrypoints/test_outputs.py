"""The reply to several clips: what is first, what is told of failures, and that it always can be delivered."""

from typing import Any

import pytest

from adapters.wire.failures import encode_failure
from domain.errors import DiskFull, Fault, GpuFailed, InvalidInput, OverLimit, WorkerError
from entrypoints.outputs import Output, Outputs
from entrypoints.replies import MAX_REPLY_BYTES, Reply, size_of


def made(number: int = 1, **meta: Any) -> Output:
    storage = {"path": f"video-{number}.mp4"}
    return Output({"ok": True, "mode": "t2v", "storage": storage, "meta": {"seed": number, "warnings": [], **meta}})


def failed(error: WorkerError) -> Output:
    return Output(encode_failure(error, "0" * 16), error.caller_fault)


def reply_of(*outputs: Output, path: str = "batch") -> Reply:
    return Outputs(path, outputs).reply()


WRONG = InvalidInput((Fault("batch[0].prompt", "is required"), Fault("batch[0].seed", "must be an integer")))


def test_the_first_clip_is_the_one_that_clients_of_one_clip_see() -> None:
    reply = reply_of(failed(WRONG), made(2), made(3))
    assert reply == {
        "ok": True,
        "mode": "t2v",
        "storage": {"path": "video-2.mp4"},
        "meta": {"seed": 2, "warnings": []},
        "outputs": [
            {"index": 0, **failed(WRONG).reply},
            {"index": 1, **made(2).reply},
            {"index": 2, **made(3).reply},
        ],
    }


def test_where_all_failed_the_reply_is_a_failure_with_the_faults_of_all() -> None:
    over = OverLimit("too long", faults=(Fault("num_frames", "must be at most 9"),))
    reply = reply_of(failed(WRONG), failed(over))
    assert (reply["ok"], reply["code"], reply["retryable"], reply["error_id"]) == (
        False, "invalid_input", False, "0" * 16,
    )  # fmt: skip
    assert reply["error"] == f"{WRONG.message} (batch[0]; all 2 outputs failed)"
    assert [detail["path"] for detail in reply["details"]] == [
        "batch[0].prompt", "batch[0].seed", "batch[1].num_frames",
    ]  # fmt: skip
    assert [output["index"] for output in reply["outputs"]] == [0, 1]
    assert "index" not in reply


def test_code_and_retryable_are_those_of_a_failure_that_may_pass_if_there_is_one() -> None:
    reply = reply_of(failed(WRONG), failed(DiskFull("full")), failed(DiskFull("fuller")))
    assert (reply["code"], reply["retryable"]) == ("disk_full", True)
    assert reply["error"] == "full (batch[1]; all 3 outputs failed)"
    assert reply["details"][-1] == {"path": "batch[2]", "message": "fuller"}


def test_a_batch_of_one_fails_in_the_words_of_its_item() -> None:
    assert reply_of(failed(DiskFull("full")))["error"] == "full"


@pytest.mark.parametrize("outputs", [[failed(GpuFailed("lost"))], [made(), failed(GpuFailed("lost"))]])
def test_a_lost_device_asks_for_a_fresh_worker_once(outputs: list[Output]) -> None:
    reply = reply_of(*outputs)
    assert reply["refresh_worker"] is True
    assert not any("refresh_worker" in output for output in reply["outputs"])
    assert "refresh_worker" not in reply_of(made(), failed(DiskFull("full")))


def test_takes_tell_the_fields_of_their_one_request_and_each_fault_once() -> None:
    over = OverLimit("too long", faults=(Fault("num_frames", "must be at most 9"),))
    reply = reply_of(failed(over), failed(over), failed(DiskFull("full")), path="")
    assert [detail["path"] for detail in reply["details"]] == ["num_frames", "outputs[2]"]
    assert reply["error"] == "full (outputs[2]; all 3 outputs failed)"


@pytest.mark.parametrize(
    ("path", "told"),
    [("batch[0]", "batch[0]"), ("batch[0].a", "batch[0].a"), ("a", "batch[0].a"), ("", "batch[0]"),
     ("batch[0]x", "batch[0].batch[0]x")],
)  # fmt: skip
def test_a_fault_is_told_from_the_job_on(path: str, told: str) -> None:
    reply = reply_of(failed(OverLimit("too long", faults=(Fault(path, "wrong"),))))
    assert reply["outputs"][0]["details"][0]["path"] == reply["details"][0]["path"] == told


def test_the_longest_prompts_fit() -> None:
    fitting = [made(number, prompt_used="\x00" * 5_000) for number in range(16)]
    assert reply_of(*fitting)["outputs"][15]["meta"]["prompt_used"] == "\x00" * 5_000
    reply = reply_of(*[made(number, prompt_used="\x00" * 10_000) for number in range(16)])
    assert size_of(reply) <= MAX_REPLY_BYTES
    assert reply["outputs"][15]["meta"]["prompt_used"] is None
    assert reply["outputs"][15]["meta"]["warnings"] == [
        "prompt_used is left out here: it is too long for a reply of several clips"
    ]


def test_the_most_faults_fit() -> None:
    many = InvalidInput(tuple(Fault(f"field{number}", "x" * 500) for number in range(200)))
    reply = reply_of(*[failed(many) for _ in range(16)])
    assert size_of(reply) <= MAX_REPLY_BYTES
    assert reply["details"][-1] == {"path": "outputs", "message": "has the other 716 faults"}
    last = reply["outputs"][15]["details"]
    assert len(last) == 51
    assert last[-1] == {"path": "batch[15]", "message": "has 150 more faults, which are left out here"}


def test_whose_fault_it_is() -> None:
    mixed = Outputs("batch", [made(), failed(WRONG), failed(DiskFull("full"))])
    assert (mixed.failed, mixed.caller_fault) == (2, False)
    assert Outputs("batch", [made(), failed(WRONG)]).caller_fault
