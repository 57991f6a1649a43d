"""Who is told of which reply, and that nothing that happens in it changes how the job ended."""

import threading
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

import pytest
import structlog
from typing_extensions import override

from application.job import Job
from application.job_control import JobControl
from application.ports.notifier import Delivery, Notice, Recipient
from domain.errors import SettingsInvalid
from entrypoints.webhooks import Webhooks
from tests.fakes.notifier import FakeNotifier

JOB = Job(id="job-1")
DONE: Final[dict[str, Any]] = {"ok": True, "mode": "t2v", "meta": {"seed": 7}}
FAILED: Final[dict[str, Any]] = {"ok": False, "error": "late", "code": "deadline_exceeded", "error_id": "e1"}
HOOK = "https://customer.example/hook?token=topsecret"
OPERATOR = "https://operator.example/"


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as captured:
        yield captured


def told(notifier: FakeNotifier | None, reply: dict[str, Any], raw: object = None, **control: Any) -> dict[str, Any]:
    return Webhooks(lambda: notifier).told(reply, raw, JOB, JobControl(**control))


def outcome(attempts: int, status: int | None, reason: str | None = None) -> dict[str, Any]:
    return {"delivered": reason is None, "attempts": attempts, "last_status": status, "reason": reason}


def test_a_success_and_a_failure_are_told_as_they_are(lines: list[MutableMapping[str, Any]]) -> None:
    for reply in (DONE, FAILED):
        notifier = FakeNotifier(operator=OPERATOR)
        assert told(notifier, reply) == {
            **reply,
            "meta": {**reply.get("meta", {}), "webhook": {"operator": outcome(1, 204)}},
        }
        notice = Notice(event="video.completed" if reply["ok"] else "video.failed", job_id="job-1", data=reply)
        assert notifier.told == [("operator", notice)]
        assert lines.pop() == {
            "event": "webhook.delivered",
            "log_level": "info",
            "recipient": "operator",
            "attempts": 1,
            "status": 204,
        }
    assert "webhook" not in DONE["meta"]


def test_the_requests_own_does_not_switch_the_operators_off() -> None:
    notifier = FakeNotifier(operator=OPERATOR, allowed=[HOOK])
    reply = told(notifier, DONE, {"webhook_url": HOOK})
    assert reply["meta"]["webhook"] == {"operator": outcome(1, 204), "request": outcome(1, 204)}


def test_both_are_told_at_the_same_time() -> None:
    """Each waits for the other: one after the other would never end."""
    meeting = threading.Barrier(2, timeout=5)

    class Meeting(FakeNotifier):
        @override
        def notify(self, recipient: Recipient, notice: Notice, control: JobControl) -> Delivery:
            meeting.wait()
            return super().notify(recipient, notice, control)

    reply = told(Meeting(operator=OPERATOR, allowed=[HOOK]), DONE, {"webhook_url": HOOK})
    assert all(one["delivered"] for one in reply["meta"]["webhook"].values())


@pytest.mark.parametrize(
    "notifier",
    [None, FakeNotifier(), FakeNotifier(allowed=["https://other.example/"])],
    ids=["none", "silent", "other"],
)
@pytest.mark.parametrize("reply", [DONE, FAILED])
def test_where_nobody_is_told_the_reply_stays_as_it_is(notifier: FakeNotifier | None, reply: dict[str, Any]) -> None:
    assert told(notifier, reply, {"webhook_url": HOOK}) == reply


@pytest.mark.parametrize("raw", [None, [], "x", {}, {"webhook_url": 3}, {"webhook_url": ""}, {"webhook_url": "ü"},
                                 {"webhook_url": "x" * 3000}, {"webhook_url": "\ud83d"}], ids=ascii)  # fmt: skip
def test_what_is_no_url_is_nobody(raw: object) -> None:
    assert told(FakeNotifier(allowed=[HOOK]), FAILED, raw) == FAILED


@pytest.mark.parametrize(
    ("reply", "control"),
    [({**FAILED, "code": "cancelled"}, {}), (DONE, {"is_cancelled": lambda: True})],
    ids=["ended so", "stopped meanwhile"],
)
def test_nobody_is_told_of_a_cancelled_job(reply: dict[str, Any], control: dict[str, Any]) -> None:
    notifier = FakeNotifier(operator=OPERATOR)
    assert told(notifier, reply, **control) == reply
    assert notifier.told == []


def test_a_failure_to_deliver_is_told_and_logged_once(lines: list[MutableMapping[str, Any]]) -> None:
    reply = told(FakeNotifier(operator=OPERATOR, statuses=[503]), DONE)
    assert reply["meta"]["webhook"] == {"operator": outcome(3, 503, "is made to fail")}
    assert lines == [
        {
            "event": "webhook.failed",
            "log_level": "warning",
            "recipient": "operator",
            "attempts": 3,
            "status": 503,
            "reason": "is made to fail",
        }
    ]


def test_a_bug_in_it_does_not_change_how_the_job_ended(lines: list[MutableMapping[str, Any]]) -> None:
    reply = told(FakeNotifier(operator=OPERATOR, breaks=KeyError("canary")), DONE)
    assert reply == {
        **DONE,
        "meta": {"seed": 7, "webhook": {"operator": outcome(0, None, "was not sent: an error of the worker")}},
    }
    (line,) = lines
    assert (line["event"], line["log_level"], line["recipient"]) == ("webhook.broke", "error", "operator")
    assert line["exc_info"]


def test_a_notifier_that_cannot_be_built_does_not_either(lines: list[MutableMapping[str, Any]]) -> None:
    def broken() -> FakeNotifier:
        message = "no"
        raise SettingsInvalid(message)

    assert Webhooks(broken).told(DONE, None, JOB, JobControl()) == DONE
    assert [line["event"] for line in lines] == ["webhook.broke"]
