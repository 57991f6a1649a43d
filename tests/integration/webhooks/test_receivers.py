"""Receivers of webhooks that fail, stall, redirect or want no more, and what is told of it."""

import json
import time
from pathlib import Path

import pytest

from application.job_control import JobControl
from tests.support.http_server import Reply, serving
from tests.support.telling_worker import SMALL, TAKEN, Worker
from tests.support.webhook_receiver import OTHER_SECRET, SECRET, Receiver, receiving


def test_a_receiver_that_fails_twice_gets_one_event_three_times(worker: Worker, receiver: Receiver) -> None:
    receiver.server.add("/hook", Reply(status=500), Reply(status=503), Reply(status=200))
    outcome = worker.reply()["meta"]["webhook"]["operator"]
    assert outcome == {"delivered": True, "attempts": 3, "last_status": 200, "reason": None}
    events = receiver.events()
    assert len({event.id for event in events}) == 1
    assert len(events) == 3
    assert len({seen.body for seen in receiver.requests}) == 1
    assert sum(worker.waited) == pytest.approx(1.5)


def test_410_stops_it(worker: Worker, receiver: Receiver) -> None:
    receiver.server.add("/hook", Reply(status=410), Reply(status=200))
    reply = worker.reply()
    assert reply["ok"] is True
    outcome = reply["meta"]["webhook"]["operator"]
    assert (outcome["delivered"], outcome["attempts"], outcome["last_status"]) == (False, 1, 410)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(worker: Worker, receiver: Receiver, status: int) -> None:
    with serving({"/elsewhere": Reply()}) as elsewhere:
        receiver.server.add("/hook", Reply(status=status, headers={"Location": elsewhere.url("/elsewhere")}))
        outcome = worker.reply()["meta"]["webhook"]["operator"]
        assert (outcome["delivered"], outcome["attempts"], outcome["last_status"]) == (False, 1, status)
        assert elsewhere.requests == []


def test_a_slow_receiver_ends_with_the_jobs_own_time(worker: Worker, receiver: Receiver) -> None:
    receiver.server.add("/hook", Reply(raw=b"H", pause=30))
    control = JobControl(deadline=time.monotonic() + 2.0)
    reply = worker.reply(control=control)
    assert reply["ok"] is True
    assert time.monotonic() < (control.deadline or 0.0) + 0.5
    outcome = reply["meta"]["webhook"]["operator"]
    assert (outcome["delivered"], outcome["last_status"]) == (False, None)
    assert outcome["reason"]


def test_a_closed_port_does_not_fail_the_job(tmp_path: Path) -> None:
    with receiving() as gone:
        url = gone.url
    worker = Worker(tmp_path, {"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET})
    reply = worker.reply()
    assert reply["ok"] is True
    outcome = reply["meta"]["webhook"]["operator"]
    assert (outcome["delivered"], outcome["attempts"], outcome["last_status"]) == (False, 5, None)
    assert outcome["reason"] == "could not be sent to: its host could not be reached"


def test_each_secret_verifies_during_a_rotation(tmp_path: Path, receiver: Receiver) -> None:
    both = {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": f"{SECRET} {OTHER_SECRET}"}
    assert Worker(tmp_path, both).reply()["meta"]["webhook"] == {"operator": TAKEN}
    assert receiver.events(SECRET) == receiver.events(OTHER_SECRET)


def test_without_settings_there_is_no_such_key(tmp_path: Path) -> None:
    worker = Worker(tmp_path, {})
    assert "webhook" not in worker.reply()["meta"]
    assert "meta" not in worker.reply({})


def test_neither_log_nor_reply_has_a_url_or_a_secret(
    worker: Worker, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = {**SMALL, "webhook_url": receiver.url.replace("topsecret", "alsosecret")}
    receiver.server.add("/hook", Reply(status=500), Reply(status=500), Reply(status=410))
    replies = [
        worker.reply(raw),
        worker.reply({**raw, "width": 511}),
        worker.reply(raw | {"webhook_url": "ftp://alsosecret"}),
    ]
    log = capsys.readouterr().err
    told = [json.loads(line)["event"] for line in log.splitlines()]
    assert told.count("webhook.failed") == 5
    for text in ("topsecret", "alsosecret", SECRET, "127.0.0.1", "/hook"):
        assert text not in log
        assert text not in json.dumps(replies)
