"""The worker's whole edge, from parsed JSON to the reply, with a model that renders nothing.

Targets and webhooks are production's, down to a resolver that knows no name: nothing is dialled.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from typing_extensions import override

from adapters.http.addresses import Address
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.sending import GuardedSender
from adapters.notifier.config import WebhookConfig
from adapters.notifier.standard_webhooks import StandardWebhooks
from adapters.object_store.target_store import SendingTargetStore
from application.generate_video import GenerateVideo
from application.job import Job
from application.job_control import JobControl
from application.list_offers import ListOffers
from application.ports.image_fetcher import ImageFetcher
from application.sign_object import SignObject
from container import open_codec
from domain.clip import Picture
from domain.errors import OverLimit, WorkerError
from domain.limits import Limits
from domain.plan import GenerationPlan
from domain.requests import ImageReference
from domain.secret import Secret
from entrypoints.capabilities import as_operation as offers_as_operation
from entrypoints.guard import Guard, Operation
from entrypoints.replies import Reply
from entrypoints.signing import as_operation
from entrypoints.webhooks import Webhooks
from tests.fakes.encoder import FakeEncoder
from tests.fakes.image_fetcher import plain_picture
from tests.fakes.interpolator import FakeInterpolator
from tests.fakes.media_fetcher import FakeMediaFetcher
from tests.fakes.object_store import InMemoryStore
from tests.fakes.video_model import FakeVideoModel
from tests.support.webhook_receiver import SECRET

HOST: Final = "target.invalid"
"""The one host that clips and events may go to. It does not exist."""
REFUSED: Final = "The model of the tests renders nothing"
"""What a request that everything before the model let through ends in."""

_JOB: Final = Job(id="job-1", may_return=True)
_MAX_REPLY_BYTES: Final = 100_000


class RefusingModel(FakeVideoModel):
    """Refuses every plan that gets to it, as the caller's fault: no line that is an error is logged for it."""

    @override
    def _run_steps(self, plan: GenerationPlan, control: JobControl) -> None:
        raise OverLimit(REFUSED)


class _OnePicture(ImageFetcher):
    """Every reference leads to the same picture."""

    @override
    def fetch(self, reference: ImageReference, control: JobControl) -> Picture:
        return plain_picture()


def refusing_guard() -> Guard:
    """Decoder, use case, plan, reply: all of it real but the ports."""
    use_case = GenerateVideo(
        model=RefusingModel(),
        store=InMemoryStore(),
        targets=SendingTargetStore(sender=_sender("UPLOAD_ALLOWED_HOSTS")),
        fetcher=_OnePicture(),
        media=FakeMediaFetcher(),
        interpolator=FakeInterpolator(),
        encoder=FakeEncoder(),
        limits=Limits(),
        prefix="ltx2",
    )
    notifier = _notifier()
    doctor = Operation(lambda _: {"ok": True, "mode": "doctor"})
    sign = as_operation(open_codec(), SignObject(InMemoryStore(), "ltx2"))
    capabilities = offers_as_operation(open_codec(), ListOffers(use_case.model, use_case.limits))
    operations = {"doctor": doctor, "sign": sign, "capabilities": capabilities}
    return Guard(open_codec(), use_case, operations, Webhooks(lambda: notifier))


def _nobody(_host: str, _port: int) -> Sequence[Address]:
    message = "no such name"
    raise OSError(message)


def _sender(setting: str) -> GuardedSender:
    return GuardedSender(hosts=AllowedHosts(frozenset({HOST}), setting), resolver=_nobody)


def _notifier() -> StandardWebhooks:
    sender = _sender("WEBHOOK_ALLOWED_HOSTS")
    config = WebhookConfig(hosts=sender.hosts, secrets=(Secret(SECRET),))
    return StandardWebhooks(config=config, for_operator=sender, for_requests=sender, sleep=lambda _: None)


def answered(guard: Guard, raw: object) -> Reply:
    """The reply to `raw`, checked to be one of the contract's."""
    reply = guard(raw, _JOB, JobControl())
    check_reply(reply)
    return reply


def check_reply(reply: Reply) -> None:
    """Raises AssertionError unless `reply` can be delivered and is a foreseen failure, or an operation's."""
    body = json.dumps(reply, allow_nan=False, ensure_ascii=False).encode()
    assert len(body) <= (_MAX_REPLY_BYTES if "outputs" not in reply else 1 << 20), f"{len(body)} bytes"
    for output in reply.get("outputs", ()):
        check_reply(output)
    if reply["ok"] is True:
        assert reply["mode"] in {"doctor", "capabilities"}, reply
        return
    assert reply["ok"] is False, reply
    assert isinstance(reply["error"], str), reply
    assert reply["error"].strip(), reply
    assert reply["code"] in FORESEEN, reply
    assert reply["error_id"], reply
    assert all(_is_fault(fault) for fault in reply["details"]), reply
    assert reply["details"] or reply["code"] != "invalid_input", reply


def _is_fault(fault: dict[str, Any]) -> bool:
    return fault.keys() == {"path", "message"} and isinstance(fault["path"], str) and bool(fault["message"].strip())


def _codes(kind: type[WorkerError] = WorkerError) -> set[str]:
    return {kind.code}.union(*(_codes(child) for child in kind.__subclasses__()))


FORESEEN: Final = frozenset(_codes() - {"internal"})
"""All codes but the one for bugs."""


def refused_paths(raw: object) -> list[str]:
    """The fields that are wrong in an input that is refused for what stands in it."""
    reply = answered(refusing_guard(), raw)
    assert reply["code"] == "invalid_input", reply
    return [fault["path"] for fault in reply["details"]]
