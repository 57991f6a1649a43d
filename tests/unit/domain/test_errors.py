"""The error tree and the texts of faults."""

import pytest

from domain import errors
from domain.errors import Fault, InvalidInput, InvalidValue, WorkerError


def _tree(root: type[WorkerError]) -> list[type[WorkerError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _tree(child))]


def test_a_fault_reads_as_path_and_message() -> None:
    assert str(Fault("width", "must be even, got 511")) == "width must be even, got 511"
    assert str(Fault("", "must be an object")) == "must be an object"


def test_invalid_input_joins_its_faults_in_their_order() -> None:
    faults = (Fault("seed", "must be an integer"), Fault("prompt", "is required"))
    error = InvalidInput(faults)
    assert error.message == "Invalid input: seed must be an integer; prompt is required"
    assert str(error) == error.message
    assert error.faults == faults


def test_the_joined_text_ends_at_2000_characters_and_the_list_does_not() -> None:
    faults = tuple(Fault(f"field{number}", "is not a known field") for number in range(200))
    error = InvalidInput(faults)
    assert len(error.message) == 2000
    assert error.message.startswith("Invalid input: field0 is not a known field; field1 ")
    assert error.message.endswith("…")
    assert len(error.faults) == 200


def test_a_text_of_exactly_2000_characters_is_whole() -> None:
    error = InvalidInput((Fault("", "x" * (2000 - len("Invalid input: "))),))
    assert len(error.message) == 2000
    assert error.message.endswith("x")


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        ("invalid_input", False),
        ("input_refused", False),
        ("input_unavailable", True),
        ("input_unreadable", False),
        ("over_limit", False),
        ("model_unavailable", True),
        ("out_of_memory", False),
        ("gpu_failed", True),
        ("deadline_exceeded", True),
        ("cancelled", False),
        ("encode_failed", False),
        ("storage_auth", False),
        ("storage_bucket", False),
        ("storage_rejected", False),
        ("storage_unavailable", True),
        ("disk_full", True),
        ("internal", True),
    ],
)
def test_each_code_of_the_contract_has_its_class(code: str, *, retryable: bool) -> None:
    owner = next(kind for kind in _tree(WorkerError) if kind.code == code)
    assert owner.retryable is retryable


def test_only_a_lost_device_asks_for_a_new_worker() -> None:
    assert [kind for kind in _tree(WorkerError) if kind.refresh_worker] == [errors.GpuFailed]


def test_what_is_the_callers_fault() -> None:
    assert {kind.code for kind in _tree(WorkerError) if kind.caller_fault} == {
        "invalid_input",
        "input_refused",
        "input_unavailable",
        "input_unreadable",
        "over_limit",
        "deadline_exceeded",
        "cancelled",
    }


def test_an_error_without_faults_has_none() -> None:
    assert errors.DiskFull("No room").faults == ()
    assert InvalidValue("must be even").message == "must be even"
