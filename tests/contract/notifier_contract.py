"""What every Notifier does. A subclass brings one whose recipients answer as the test says."""

import time
from abc import ABC, abstractmethod

import pytest

from application.job_control import JobControl
from application.ports.notifier import Notice, Notifier
from domain.errors import InputRefused
from domain.secret import Secret
from domain.webhook import WebhookUrl

NOTICE = Notice(event="video.completed", job_id="job-1", data={"ok": True, "meta": {"seed": 7}})
TOKEN = "token=topsecret"  # pragma: allowlist secret


class NotifierContract(ABC):
    """`statuses`: what every recipient answers in turn, the last one for ever; None: it does not answer."""

    @abstractmethod
    def notifier(self, *statuses: int | None, with_operator: bool = True) -> Notifier:
        """The notifier under test; called within the test."""

    @abstractmethod
    def allowed(self) -> WebhookUrl:
        """What a request may name; its query is TOKEN."""

    @abstractmethod
    def received(self) -> int:
        """How many tries the recipients of the last notifier have seen."""

    def test_nobody_is_told_where_nobody_is_named(self) -> None:
        assert self.notifier(204, with_operator=False).recipients(None) == ()

    def test_the_operator_and_the_requests_own_are_told(self) -> None:
        notifier = self.notifier(204)
        assert [one.name for one in notifier.recipients(None)] == ["operator"]
        both = notifier.recipients(self.allowed())
        assert [one.name for one in both] == ["operator", "request"]
        assert both[1].url == self.allowed().url
        notifier.check(self.allowed())

    def test_what_may_not_be_named_is_refused_by_its_field_and_never_told(self) -> None:
        notifier = self.notifier(204)
        forbidden = WebhookUrl(Secret(f"https://elsewhere.example/hook?{TOKEN}"))
        with pytest.raises(InputRefused) as caught:
            notifier.check(forbidden)
        assert [fault.path for fault in caught.value.faults] == ["webhook_url"]
        assert caught.value.message.startswith("webhook_url ")
        assert "elsewhere" not in caught.value.message
        assert TOKEN not in caught.value.message
        assert [one.name for one in notifier.recipients(forbidden)] == ["operator"]

    @pytest.mark.parametrize("status", [200, 202, 204, 299])
    def test_an_answer_of_2xx_is_a_delivery(self, status: int) -> None:
        notifier = self.notifier(status)
        for recipient in notifier.recipients(self.allowed()):
            delivery = notifier.notify(recipient, NOTICE, JobControl())
            assert (delivery.delivered, delivery.attempts) == (True, 1)
            assert (delivery.last_status, delivery.reason) == (status, None)
        assert self.received() == 2

    def test_a_recipient_that_fails_is_told_again(self) -> None:
        notifier = self.notifier(500, None, 204)
        (operator,) = notifier.recipients(None)
        delivery = notifier.notify(operator, NOTICE, JobControl())
        assert (delivery.delivered, delivery.attempts, delivery.last_status) == (True, 3, 204)
        assert delivery.reason is None

    @pytest.mark.parametrize("status", [410, 301, 302, 307, 308])
    def test_some_answers_are_the_last_word(self, status: int) -> None:
        notifier = self.notifier(status, 204)
        (operator,) = notifier.recipients(None)
        delivery = notifier.notify(operator, NOTICE, JobControl())
        assert (delivery.delivered, delivery.attempts, delivery.last_status) == (False, 1, status)
        assert delivery.reason
        assert self.received() == 1

    @pytest.mark.parametrize(("last", "shown"), [(503, 503), (429, 429), (404, 404), (None, None)])
    def test_one_that_never_takes_it_is_given_up(self, last: int | None, shown: int | None) -> None:
        notifier = self.notifier(last)
        (operator,) = notifier.recipients(None)
        delivery = notifier.notify(operator, NOTICE, JobControl())
        assert not delivery.delivered
        assert delivery.attempts == self.received() > 1
        assert delivery.last_status == shown
        assert delivery.reason
        assert TOKEN not in delivery.reason
        assert "127.0.0.1" not in delivery.reason

    def test_a_spent_budget_or_a_stop_is_no_failure_of_the_job(self) -> None:
        notifier = self.notifier(204)
        (operator,) = notifier.recipients(None)
        for control in (JobControl(deadline=time.monotonic() - 1), JobControl(is_cancelled=lambda: True)):
            delivery = notifier.notify(operator, NOTICE, control)
            assert (delivery.delivered, delivery.last_status) == (False, None)
            assert delivery.reason
        assert self.received() == 0
