"""A notifier without network."""

from collections.abc import Iterable

from typing_extensions import override

from application.job_control import JobControl
from application.ports.notifier import Delivery, Notice, Notifier, Recipient
from domain.errors import Cancelled, DeadlineExceeded, Fault, InputRefused
from domain.secret import Secret
from domain.webhook import WebhookUrl


class FakeNotifier(Notifier):
    """Tells the operator at `operator` (None: there is none) and those whose URLs are in `allowed`.

    Every recipient's host answers with `statuses` in turn, the last one for ever; None is a host that does not
    answer. It is tried at most `tries` times, without a wait; 2xx, 3xx and 410 end it. `told` lists the notices that
    were tried, with the recipient's name; `breaks` is raised instead, for what nobody foresaw.
    """

    def __init__(
        self,
        *,
        operator: str | None = None,
        allowed: Iterable[str] = (),
        statuses: Iterable[int | None] = (204,),
        tries: int = 3,
        breaks: Exception | None = None,
    ) -> None:
        self.operator = operator
        self.allowed = frozenset(allowed)
        self.statuses = tuple(statuses)
        self.tries = tries
        self.breaks = breaks
        self.told: list[tuple[str, Notice]] = []

    @override
    def check(self, requested: WebhookUrl) -> None:
        if requested.url.reveal() not in self.allowed:
            fault = Fault(requested.field, "is made to be refused")
            raise InputRefused(str(fault), faults=(fault,))

    @override
    def recipients(self, requested: WebhookUrl | None) -> tuple[Recipient, ...]:
        found = [] if self.operator is None else [Recipient("operator", Secret(self.operator))]
        if requested is not None and requested.url.reveal() in self.allowed:
            found.append(Recipient("request", requested.url))
        return tuple(found)

    @override
    def notify(self, recipient: Recipient, notice: Notice, control: JobControl) -> Delivery:
        if self.breaks is not None:
            raise self.breaks
        attempts, last, reason = 0, None, None
        try:
            for attempt in range(self.tries):
                control.check()
                attempts += 1
                self.told.append((recipient.name, notice))
                status = self.statuses[min(attempt, len(self.statuses) - 1)]
                last = last if status is None else status
                reason = None if status is not None and status < 300 else "is made to fail"
                if status is not None and (status < 400 or status == 410):
                    break
        except (Cancelled, DeadlineExceeded):
            reason = reason or "was not sent"
        return Delivery(delivered=reason is None, attempts=attempts, last_status=last, reason=reason)
