"""The fake keeps the port's promise."""

import pytest
from typing_extensions import override

from application.job_control import JobControl
from domain.secret import Secret
from domain.webhook import WebhookUrl
from tests.contract.notifier_contract import NOTICE, TOKEN, NotifierContract
from tests.fakes.notifier import FakeNotifier

HOOK = f"https://customer.example/hook?{TOKEN}"


class TestFakeNotifier(NotifierContract):
    fake: FakeNotifier

    @override
    def notifier(self, *statuses: int | None, with_operator: bool = True) -> FakeNotifier:
        operator = "https://operator.example/" if with_operator else None
        self.fake = FakeNotifier(operator=operator, allowed=[HOOK], statuses=statuses)
        return self.fake

    @override
    def allowed(self) -> WebhookUrl:
        return WebhookUrl(Secret(HOOK))

    @override
    def received(self) -> int:
        return len(self.fake.told)

    def test_it_can_break(self) -> None:
        notifier = FakeNotifier(operator=HOOK, breaks=KeyError("x"))
        with pytest.raises(KeyError):
            notifier.notify(notifier.recipients(None)[0], NOTICE, JobControl())
