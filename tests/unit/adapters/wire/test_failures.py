"""Failure replies against the golden ones."""

import json

import pytest

from adapters.wire.failures import encode_failure, encode_internal
from domain.errors import (
    Fault,
    GpuFailed,
    InvalidInput,
    OverLimit,
    SettingsInvalid,
    StoragePending,
    StorageUnavailable,
    WorkerError,
)
from tests.unit.adapters.wire.goldens import golden

_FAULTS = (Fault("prompt", "is required"), Fault("width", "must be even, got 511 (nearest: 510 or 512)"))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("failure_invalid_input", InvalidInput(_FAULTS)),
        ("failure_gpu_failed", GpuFailed("The GPU failed and needs a new worker")),
    ],
)
def test_a_failure_reply_is_the_golden_one(name: str, error: WorkerError) -> None:
    reply = encode_failure(error, "0a1b2c3d")
    expected = golden(name)
    assert json.loads(json.dumps(reply, allow_nan=False)) == expected
    assert list(reply) == list(expected)
    assert reply["ok"] is False


@pytest.mark.parametrize("error", [OverLimit("Too large"), InvalidInput(()), SettingsInvalid("Wrong")])
def test_only_a_lost_device_refreshes_the_worker(error: WorkerError) -> None:
    assert "refresh_worker" not in encode_failure(error, "id")


def test_a_clip_that_waits_is_told_with_its_place() -> None:
    error = StoragePending("no answer", bucket="clips", path="a/b.mp4", sha256="ab12")
    reply = encode_failure(error, "id")
    assert (reply["code"], reply["retryable"]) == ("storage_unavailable", True)
    assert reply["storage"] == {"bucket": "clips", "path": "a/b.mp4", "pending": True, "sha256": "ab12"}
    assert "storage" not in encode_failure(StorageUnavailable("no answer"), "id")


def test_an_error_without_words_still_has_a_text() -> None:
    assert encode_failure(OverLimit(""), "id")["error"] == "The job failed (over_limit)"


def test_an_unforeseen_error_tells_nothing_but_where_to_look() -> None:
    assert encode_internal("0a1b2c3d") == {
        "ok": False,
        "error": "Internal error; the worker's log has it under 0a1b2c3d",
        "code": "internal",
        "retryable": True,
        "details": [],
        "error_id": "0a1b2c3d",
    }
