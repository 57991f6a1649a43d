"""The adapter keeps the port's promise, against a real server on loopback."""

from collections.abc import Iterator
from contextlib import ExitStack

import attrs
import pytest
from typing_extensions import override

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.notifier.config import WebhookConfig
from adapters.notifier.standard_webhooks import StandardWebhooks, standard_webhooks
from domain.secret import Secret
from domain.webhook import WebhookUrl
from tests.contract.notifier_contract import TOKEN, NotifierContract
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.webhook_receiver import SECRET

OPERATOR, REQUESTED = "/operator", "/hook"


class TestStandardWebhooks(NotifierContract):
    server: HttpServer

    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with ExitStack() as stack:
            self.server = stack.enter_context(serving())
            yield

    @override
    def notifier(self, *statuses: int | None, with_operator: bool = True) -> StandardWebhooks:
        replies = [
            Reply(raw=b"") if status is None else Reply(status=status, length=None, headers={"Location": OPERATOR})
            for status in statuses
        ]
        self.server.add(OPERATOR, *replies)
        self.server.add(REQUESTED, *replies)
        config = WebhookConfig(
            url=Secret(self.server.url(f"{OPERATOR}?{TOKEN}")) if with_operator else None,
            hosts=AllowedHosts(frozenset({"127.0.0.1"})),
            secrets=(Secret(SECRET),),
        )
        real = standard_webhooks(config, HttpConfig(private_hosts=frozenset({"127.0.0.1"})))
        return attrs.evolve(real, sleep=lambda _: None, jitter=lambda: 0.0)

    @override
    def allowed(self) -> WebhookUrl:
        return WebhookUrl(Secret(self.server.url(f"{REQUESTED}?{TOKEN}")))

    @override
    def received(self) -> int:
        return len(self.server.requests)
