"""Webhooks through the worker's whole edge, to a receiver on loopback that verifies them as its own system would."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from application.job_control import JobControl
from domain.errors import GpuFailed, StorageUnavailable
from domain.plan import GenerationPlan
from tests.fakes.video_model import FakeVideoModel
from tests.support.telling_worker import SMALL, TAKEN, Worker
from tests.support.webhook_receiver import SECRET, Receiver, receiving


def without_webhook(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply as it was told: the rest of `meta` goes where nothing else is in it."""
    meta = {name: value for name, value in reply["meta"].items() if name != "webhook"}
    return {**{name: value for name, value in reply.items() if name != "meta"}, **({"meta": meta} if meta else {})}


def test_a_finished_job_is_told_signed_with_its_whole_reply(worker: Worker, receiver: Receiver) -> None:
    reply = worker.reply()
    assert reply["ok"] is True
    assert reply["meta"]["webhook"] == {"operator": TAKEN}
    (event,) = receiver.events()
    assert event.document.keys() == {"type", "timestamp", "data"}
    assert event.document["type"] == "video.completed"
    assert event.document["timestamp"].endswith("Z")
    assert event.document["data"] == {"job_id": "job.1/x", **without_webhook(reply)}
    assert abs(event.timestamp - time.time()) < 10
    assert "." not in event.id
    assert event.id.isascii()
    (seen,) = receiver.requests
    assert seen.method == "POST"
    assert seen.headers["Content-Type"] == "application/json"


def test_a_second_delivery_of_the_job_is_the_same_event(worker: Worker, receiver: Receiver) -> None:
    worker.reply()
    worker.reply()
    first, second = receiver.events()
    assert first.id == second.id


def invalid(worker: Worker) -> dict[str, Any]:
    return worker.reply({"width": 511})


def store_down(worker: Worker) -> dict[str, Any]:
    worker.store.fail("put", *[StorageUnavailable("The store does not answer")] * 2)
    return worker.reply()


def refused(worker: Worker) -> dict[str, Any]:
    return worker.reply({**SMALL, "mode": "i2v", "image_url": "https://169.254.169.254/x"})


class Broken(FakeVideoModel):
    """Breaks as nobody foresaw."""

    @override
    def _run_steps(self, plan: GenerationPlan, control: JobControl) -> None:
        raise KeyError


def internal(worker: Worker) -> dict[str, Any]:
    worker.model = Broken()
    return worker.reply()


def gpu_lost(worker: Worker) -> dict[str, Any]:
    worker.model = FakeVideoModel()
    worker.model.fail("enter", GpuFailed("The GPU is lost"))
    return worker.reply()


WAYS: dict[str, Callable[[Worker], dict[str, Any]]] = {
    "invalid_input": invalid,
    "storage_unavailable": store_down,
    "input_refused": refused,
    "internal": internal,
    "gpu_failed": gpu_lost,
}


@pytest.mark.parametrize("code", WAYS)
def test_each_way_a_job_fails_is_told(code: str, worker: Worker, receiver: Receiver) -> None:
    reply = WAYS[code](worker)
    assert (reply["ok"], reply["code"]) == (False, code)
    assert reply["meta"] == {"webhook": {"operator": TAKEN}}
    (event,) = receiver.events()
    assert event.document["type"] == "video.failed"
    assert event.document["data"] == {"job_id": "job.1/x", **without_webhook(reply)}


def test_a_stopped_job_is_not_told(worker: Worker, receiver: Receiver) -> None:
    reply = worker.reply(control=JobControl(is_cancelled=lambda: True))
    assert reply["code"] == "cancelled"
    assert "meta" not in reply
    assert receiver.requests == []


def test_an_operation_is_not_told(worker: Worker, receiver: Receiver) -> None:
    assert worker.reply({"mode": "doctor"}) == {"ok": True, "mode": "doctor"}
    failed = worker.reply({"mode": "doctor", "webhook_url": receiver.url})
    assert failed["code"] == "invalid_input"
    assert "meta" not in failed
    assert receiver.requests == []


# --- what requests name --------------------------------------------------------------------------------------------


def test_the_requests_own_is_told_beside_the_operators(worker: Worker, receiver: Receiver) -> None:
    with receiving() as own:
        reply = worker.reply({**SMALL, "webhook_url": own.url})
        assert reply["meta"]["webhook"] == {"operator": TAKEN, "request": TAKEN}
        assert own.events()[0].document == receiver.events()[0].document
        assert "webhook_url" not in json.dumps(reply)


def test_the_requests_own_alone(tmp_path: Path) -> None:
    with receiving() as own:
        worker = Worker(tmp_path, {"WEBHOOK_ALLOWED_HOSTS": "127.0.0.1", "WEBHOOK_SECRET": SECRET})
        assert worker.reply({**SMALL, "webhook_url": own.url})["meta"]["webhook"] == {"request": TAKEN}
        assert "webhook" not in worker.reply()["meta"]
        assert len(own.events()) == 1


def test_a_request_that_cannot_be_decoded_is_told_to_whom_it_names(worker: Worker) -> None:
    with receiving() as own:
        reply = worker.reply({"width": "wide", "webhook_url": own.url})
        assert reply["code"] == "invalid_input"
        assert reply["meta"]["webhook"]["request"] == TAKEN
        assert own.events()[0].document["type"] == "video.failed"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "is not accepted by this worker: WEBHOOK_ALLOWED_HOSTS names no host"),
        ({"WEBHOOK_ALLOWED_HOSTS": "a.example.com"}, "must lead to a host that WEBHOOK_ALLOWED_HOSTS names"),
        ({"WEBHOOK_ALLOWED_HOSTS": "127.0.0.1", "INPUT_ALLOW_PRIVATE_HOSTS": ""}, "must be an https URL"),
    ],
)
def test_one_that_may_not_be_named_is_refused_before_anything_is_made(
    tmp_path: Path, receiver: Receiver, settings: dict[str, str], message: str
) -> None:
    """The operator's own needs no list."""
    with receiving() as own:
        worker = Worker(tmp_path, {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": SECRET, **settings})
        reply = worker.reply({**SMALL, "webhook_url": own.url})
        assert (reply["code"], reply["error"]) == ("input_refused", f"webhook_url {message}")
        assert reply["details"] == [{"path": "webhook_url", "message": message}]
        assert reply["meta"]["webhook"] == {"operator": TAKEN}
        assert worker.store.calls == []
        assert own.requests == []


@pytest.mark.parametrize("wrong", [7, "", "x" * 2049, "https://exämple.com/", ["https://a.example/"], {"url": "x"}])
def test_what_is_no_url_is_told_without_being_repeated(worker: Worker, wrong: object) -> None:
    reply = worker.reply({**SMALL, "webhook_url": wrong})
    assert reply["code"] == "invalid_input"
    assert [fault["path"] for fault in reply["details"]] == ["webhook_url"]
