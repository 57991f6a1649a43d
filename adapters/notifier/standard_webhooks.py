"""Events by HTTP, signed and tried again."""

import datetime as dt
import json
import random
import time
from collections.abc import Callable

import attrs
from typing_extensions import override

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.http.faults import at_field
from adapters.http.guard import host_of
from adapters.http.sending import GuardedSender, SendRefused
from adapters.notifier.config import WebhookConfig, signing_key
from adapters.notifier.signing import signed_headers
from adapters.notifier.tries import Tries
from application.job_control import JobControl
from application.ports.notifier import Delivery, Notice, Notifier, Recipient
from domain.errors import InputRefused
from domain.webhook import WebhookUrl, event_id


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@attrs.frozen(kw_only=True, eq=False)
class StandardWebhooks(Notifier):
    """Standard Webhooks 1.0 to the operator's URL, and to what requests name where the operator allows it.

    `for_operator` may reach the operator's host, `for_requests` the hosts that requests may name. `now`, `sleep` and
    `jitter` (0 to 1) are there to be replaced in tests.
    """

    config: WebhookConfig
    for_operator: GuardedSender
    for_requests: GuardedSender
    now: Callable[[], dt.datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    @override
    def check(self, requested: WebhookUrl) -> None:
        try:
            self.for_requests.check(requested.url.reveal())
        except SendRefused as exc:
            raise at_field(InputRefused, requested.field, exc.reason) from exc

    @override
    def recipients(self, requested: WebhookUrl | None) -> tuple[Recipient, ...]:
        found = [] if self.config.url is None else [Recipient("operator", self.config.url)]
        if requested is not None and self._takes(requested):
            found.append(Recipient("request", requested.url))
        return tuple(found)

    @override
    def notify(self, recipient: Recipient, notice: Notice, control: JobControl) -> Delivery:
        sender = self.for_operator if recipient.name == "operator" else self.for_requests
        body = _body(notice, self.now())
        name = event_id(notice.job_id, notice.event)
        keys = [signing_key(secret) for secret in self.config.secrets]

        def post(seconds: float) -> tuple[int, str | None]:
            headers = signed_headers(name, self.now(), body, keys) | {"Content-Type": "application/json"}
            url = recipient.url.reveal()
            answer = sender.send("POST", url, body=body, headers=headers, seconds=seconds, control=control)
            return answer.status, answer.headers.get("retry-after")

        return Tries(control, self.sleep, self.jitter, self.now).of(post)

    def _takes(self, requested: WebhookUrl) -> bool:
        try:
            self.check(requested)
        except InputRefused:
            return False
        return True


def standard_webhooks(config: WebhookConfig, http: HttpConfig) -> StandardWebhooks:
    """The adapter, with the senders that it needs.

    The operator vouches for the host of the own URL, which may be inside, too; `http` holds for what requests name.
    """
    for_requests = GuardedSender(config=http, hosts=config.hosts)
    own = frozenset() if config.url is None else frozenset({host_of(config.url.reveal())})
    for_operator = attrs.evolve(
        for_requests,
        config=attrs.evolve(http, private_hosts=http.private_hosts | own),
        hosts=AllowedHosts(own, "WEBHOOK_URL"),
    )
    return StandardWebhooks(config=config, for_operator=for_operator, for_requests=for_requests)


def _body(notice: Notice, at: dt.datetime) -> bytes:
    document = {
        "type": notice.event,
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data": {"job_id": notice.job_id, **notice.data},
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
