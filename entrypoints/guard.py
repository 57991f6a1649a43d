"""The single catch-all: whatever happens in a job becomes a reply of the contract, and one line in the log."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Protocol

import attrs
import structlog

from application.generate_batch import Attempt, GenerateBatch
from application.job import Job
from application.job_control import JobControl
from domain.batch import Batch, Item, takes
from domain.errors import Cancelled, Fault, InvalidInput, WorkerError
from domain.output import ONE_OUTPUT
from domain.requests import GenerationRequest
from domain.results import GenerationResult
from entrypoints.endings import Endings, ReplyCodec, own_texts
from entrypoints.outputs import Output, Outputs
from entrypoints.replies import Reply, sealed
from entrypoints.webhooks import Webhooks, requested_in

_MAX_NAMED: Final = 20
"""Fields that a mode without fields names one by one, as the codec does."""
_MAX_NAME: Final = 60
"""Characters of such a field's name that are repeated."""
_BATCH: Final = "batch"

_log = structlog.get_logger()


class Codec(ReplyCodec, Protocol):
    """JSON to requests and back (adapters/wire)."""

    def decode_job(self, raw: object, *, other_modes: Collection[str]) -> GenerationRequest | Batch: ...


class UseCase(Protocol):
    """GenerateVideo, or what is wrapped around it."""

    def __call__(self, request: GenerationRequest, job: Job, control: JobControl, /) -> GenerationResult: ...


@attrs.frozen
class Operation:
    """What a job can ask for beside a clip.

    `answer` is given those of `fields` that the job has, as they came and null left out; its reply is complete.
    """

    answer: Callable[[Mapping[str, object]], Reply]
    fields: tuple[str, ...] = ()

    @property
    def takes(self) -> str:
        """The fields, as a message tells them."""
        return ", ".join(self.fields) or "none"


@attrs.frozen
class Guard:
    """Decodes, generates, encodes the reply. Never raises an Exception.

    `operations` are answered by the name that stands as `mode`; they take no field that they do not declare.
    `webhooks` are told of every job that is no operation.
    """

    codec: Codec
    generate: UseCase
    operations: Mapping[str, Operation] = attrs.field(factory=dict)
    webhooks: Webhooks = Webhooks()

    def __call__(self, raw: object, job: Job, control: JobControl) -> Reply:
        """The reply to `raw`, the caller's input as parsed JSON.

        Every line that is logged meanwhile on this thread carries the job's id and, once it is known, its mode; those
        of one of several clips carry its number, too.
        """
        webhook = requested_in(raw)
        hidden = webhook.hidden if webhook is not None else ()
        with structlog.contextvars.bound_contextvars(job_id=job.id, mode=None, hidden=hidden):
            begin = control.clock()
            try:
                reply = self._answered(raw, job, control, begin)
            except Exception:  # noqa: BLE001 - the one catch-all: whatever it is, the caller gets a reply
                reply = sealed(self._job.broke(seconds=control.clock() - begin))
            return reply if self._operation(raw) else self.webhooks.told(reply, raw, job, control)

    def _answered(self, raw: object, job: Job, control: JobControl, begin: float) -> Reply:
        """Raises what no WorkerError is, and ValueError for a failure whose reply cannot be delivered."""
        try:
            return self._succeeded(raw, job, control)
        except WorkerError as error:
            return sealed(self._job.failed(error, seconds=control.clock() - begin))

    def _succeeded(self, raw: object, job: Job, control: JobControl) -> Reply:
        operated = self._operated(raw)
        if operated is not None:
            return sealed(operated)
        asked = self.codec.decode_job(raw, other_modes=self.operations)
        if isinstance(asked, Batch):
            requests = [item for item in asked.items if isinstance(item, GenerationRequest)]
            hidden = {text for request in requests for text in own_texts(request)}
            of_webhook = () if asked.webhook_url is None else asked.webhook_url.hidden
            structlog.contextvars.bind_contextvars(mode=_BATCH, hidden=(*hidden, *of_webhook))
            self.webhooks.check(asked.webhook_url)
            return self._several(asked.items, job, control, path=_BATCH)
        structlog.contextvars.bind_contextvars(mode=asked.mode, hidden=own_texts(asked))
        self.webhooks.check(asked.webhook_url)
        if asked.num_outputs == ONE_OUTPUT:
            return self._job.succeeded(self.generate(asked, job, control))
        first = job.seed_for(attrs.evolve(asked, num_outputs=ONE_OUTPUT))  # as a job of one clip draws it
        return self._several(takes(asked, first), job, control, path="")

    def _several(self, items: Sequence[Item], job: Job, control: JobControl, *, path: str) -> Reply:
        """The reply to a job of several clips; a cancelled one tells of those that were finished before."""
        begin = control.clock()
        ended: list[Output] = []
        try:
            ended.extend(GenerateBatch(attempt=self._attempt, refuse=self._refuse)(items, job, control))
        except Cancelled as error:
            reply = self._job.failed(error, seconds=control.clock() - begin)
            return sealed({**reply, "outputs": Outputs(path, ended).entries()})
        outputs = Outputs(path, ended)
        reply = sealed(outputs.reply())
        facts = {"outputs": len(items), "failed": outputs.failed, "total_seconds": round(control.clock() - begin, 3)}
        if reply["ok"]:
            _log.info("job.succeeded", **facts)
        else:
            log = _log.warning if outputs.caller_fault else _log.error
            told = {name: reply[name] for name in ("code", "error", "retryable", "error_id")}
            log("job.failed", cause=None, **told, **facts)
        return reply

    def _attempt(self, request: GenerationRequest, job: Job, control: JobControl) -> Attempt[Output]:
        """One of several clips. What nobody foresaw ends this one only. Raises Cancelled."""
        with structlog.contextvars.bound_contextvars(item=job.number, mode=request.mode):
            begin = control.clock()
            try:
                return Attempt(Output(self._item.succeeded(self.generate(request, job, control))))
            except Cancelled:
                raise
            except WorkerError as error:
                reply = self._item.failed(error, seconds=control.clock() - begin)
                return Attempt(Output(reply, error.caller_fault), error)
            except Exception:  # noqa: BLE001 - as in __call__, for the other clips' sake
                return Attempt(Output(self._item.broke(seconds=control.clock() - begin)))

    def _refuse(self, error: WorkerError, job: Job) -> Output:
        with structlog.contextvars.bound_contextvars(item=job.number, mode=None):
            return Output(self._item.failed(error), error.caller_fault)

    @property
    def _job(self) -> Endings:
        return Endings(self.codec)

    @property
    def _item(self) -> Endings:
        return Endings(self.codec, "item")

    def _operated(self, raw: object) -> Reply | None:
        """The reply of the operation that `raw` asks for; None if it asks for a clip."""
        name = self._operation(raw)
        if name is None or not isinstance(raw, dict):
            return None
        operation = self.operations[name]
        given = {field: value for field, value in raw.items() if field != "mode" and value is not None}
        unknown = [str(field) for field in given if field not in operation.fields]
        if unknown:
            message = f"is no field of mode {name}, which takes {operation.takes}"
            faults = [Fault(field[:_MAX_NAME], message) for field in unknown[:_MAX_NAMED]]
            if len(unknown) > _MAX_NAMED:
                more = f"has {len(unknown) - _MAX_NAMED} more fields, and mode {name} takes {operation.takes}"
                faults.append(Fault("input", more))
            raise InvalidInput(tuple(faults))
        structlog.contextvars.bind_contextvars(mode=name)
        return operation.answer(given)

    def _operation(self, raw: object) -> str | None:
        """The name of the operation that `raw` asks for."""
        name = raw.get("mode") if isinstance(raw, dict) else None
        return name if isinstance(name, str) and name in self.operations else None
