"""Whoever wants to know how a job ended is told, once its reply has its shape. That never changes how it ended."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import attrs
import structlog

from application.job import Job
from application.job_control import JobControl
from application.ports.notifier import Delivery, Notice, Notifier, Recipient
from domain.errors import Cancelled, InvalidValue
from domain.secret import Secret
from domain.webhook import WebhookUrl

_BROKE: Final = Delivery(delivered=False, attempts=0, last_status=None, reason="was not sent: an error of the worker")

_log: Final = structlog.get_logger()


def _nobody() -> None:
    """Whom a worker without settings tells."""


@attrs.frozen
class Webhooks:
    """Tells the operator and whom the request names, both at the same time.

    `notifier` gives the port's adapter, or None where nobody can be told; it is first asked when a job needs it.
    """

    notifier: Callable[[], Notifier | None] = _nobody

    def check(self, requested: WebhookUrl | None) -> None:
        """Return if the request may name `requested`. Raises InputRefused."""
        notifier = None if requested is None else self.notifier()
        if notifier is not None and requested is not None:
            notifier.check(requested)

    def told(self, reply: dict[str, Any], raw: object, job: Job, control: JobControl) -> dict[str, Any]:
        """`reply`, which answers `raw`, with what became of its events in `meta.webhook`. Never raises an Exception.

        Nobody is told of a cancelled job. Where nobody is to be told, `reply` comes back as it is. Recipients are
        found in `raw`, for a request that cannot be decoded has them too.
        """
        if control.is_cancelled() or reply.get("code") == Cancelled.code:
            return reply
        try:
            outcomes = self._outcomes(reply, requested_in(raw), job, control)
        except Exception:  # noqa: BLE001 - the one harmless place: the job has ended, and its reply stands
            _log.exception("webhook.broke", code="internal", recipient=None)
            return reply
        return {**reply, "meta": {**reply.get("meta", {}), "webhook": outcomes}} if outcomes else reply

    def _outcomes(
        self, reply: dict[str, Any], requested: WebhookUrl | None, job: Job, control: JobControl
    ) -> dict[str, Any]:
        notifier = self.notifier()
        recipients = () if notifier is None else notifier.recipients(requested)
        if notifier is None or not recipients:
            return {}
        notice = Notice(
            event="video.completed" if reply["ok"] else "video.failed",
            job_id=job.id,
            data=reply,
        )
        with ThreadPoolExecutor(max_workers=len(recipients), thread_name_prefix="webhook") as threads:
            sent = [threads.submit(notifier.notify, recipient, notice, control) for recipient in recipients]
        return {
            recipient.name: attrs.asdict(_logged(recipient, future.result))
            for recipient, future in zip(recipients, sent, strict=True)
        }


def requested_in(raw: object) -> WebhookUrl | None:
    """Whom `raw`, any parsed JSON, names; None: nobody, or in a form that no URL has."""
    text = raw.get(WebhookUrl.field) if isinstance(raw, dict) else None
    try:
        return WebhookUrl(Secret(text)) if isinstance(text, str) else None
    except InvalidValue:
        return None


def _logged(recipient: Recipient, result: Callable[[], Delivery]) -> Delivery:
    """The delivery that `result` gives, in one line of the log."""
    try:
        delivery = result()
    except Exception:  # noqa: BLE001 - as in `told`; the other recipient's delivery counts
        _log.exception("webhook.broke", code="internal", recipient=recipient.name)
        return _BROKE
    facts = {"recipient": recipient.name, "attempts": delivery.attempts, "status": delivery.last_status}
    if delivery.delivered:
        _log.info("webhook.delivered", **facts)
    else:
        _log.warning("webhook.failed", reason=delivery.reason, **facts)
    return delivery
