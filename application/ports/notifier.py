"""The way of an event to the systems that want to know how a job ended."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import attrs

from application.job_control import JobControl
from domain.secret import Secret
from domain.webhook import Event, WebhookUrl

RecipientName = Literal["operator", "request"]


@attrs.frozen
class Recipient:
    """Somebody who is told: the worker's operator, or whom the request names."""

    name: RecipientName
    url: Secret


@attrs.frozen(kw_only=True)
class Notice:
    """What is told. `data` is plain JSON values."""

    event: Event
    job_id: str
    data: Mapping[str, Any] = attrs.field(repr=False)  # signed URLs


@attrs.frozen(kw_only=True)
class Delivery:
    """What became of a notice.

    `last_status` is that of the last answer, None without one. `reason` says what went wrong, None if nothing did; it
    names no host, address or query.
    """

    delivered: bool
    attempts: int
    last_status: int | None
    reason: str | None


class Notifier(Protocol):
    """Tells recipients of events, signed so that they can be sure who tells them."""

    __slots__ = ()

    def check(self, requested: WebhookUrl) -> None:
        """Return if a request may name `requested`, as far as can be told without dialling.

        Raises:
            InputRefused: it may not; the message names the request's field.
        """

    def recipients(self, requested: WebhookUrl | None) -> tuple[Recipient, ...]:
        """All who are told of a job that names `requested`; one that `check` refuses is left out."""

    def notify(self, recipient: Recipient, notice: Notice, control: JobControl) -> Delivery:
        """Tell `recipient`, again where that may help, within the job's deadline and ten seconds.

        Never fails for what the recipient does, nor for the job's deadline or a stop: the delivery says so. May be
        called for several recipients at the same time.
        """
