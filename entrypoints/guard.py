"""The single catch-all: whatever happens in a job becomes a reply of the contract, and one line in the log."""

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol

import attrs
import structlog

from application.job import Job
from application.job_control import JobControl
from domain.errors import Fault, InvalidInput, WorkerError
from domain.requests import GenerationRequest, ImageUrl
from domain.results import GenerationResult
from entrypoints.webhooks import Webhooks, requested_in

Reply = dict[str, Any]

_MAX_REPLY_BYTES: Final = 1 << 20
"""A reply has a few kilobytes; RunPod takes 20 MB."""
_TRACEBACK: Final = "Traceback (most recent call last)"
_MAX_CAUSE: Final = 500
"""Characters of a failure's cause in its log line."""
_MAX_NAMED: Final = 20
"""Fields that a mode without fields names one by one, as the codec does."""
_MAX_NAME: Final = 60
"""Characters of such a field's name that are repeated."""

_log = structlog.get_logger()


class Codec(Protocol):
    """JSON to requests and back (adapters/wire)."""

    def decode_request(self, raw: object, *, other_modes: Collection[str]) -> GenerationRequest: ...

    def encode_result(self, result: GenerationResult) -> Reply: ...

    def encode_failure(self, error: WorkerError, error_id: str) -> Reply: ...

    def encode_internal(self, error_id: str) -> Reply: ...


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

        Every line that is logged meanwhile on this thread carries the job's id and, once it is known, its mode.
        """
        webhook = requested_in(raw)
        hidden = webhook.hidden if webhook is not None else ()
        with structlog.contextvars.bound_contextvars(job_id=job.id, mode=None, hidden=hidden):
            begin = control.clock()
            try:
                reply = self._answered(raw, job, control, begin)
            except Exception:  # noqa: BLE001 - the one catch-all: whatever it is, the caller gets a reply
                reply = sealed(self.broke(seconds=control.clock() - begin))
            return reply if self._operation(raw) else self.webhooks.told(reply, raw, job, control)

    def _answered(self, raw: object, job: Job, control: JobControl, begin: float) -> Reply:
        """Raises what no WorkerError is, and ValueError for a failure whose reply cannot be delivered."""
        try:
            return self._succeeded(raw, job, control)
        except WorkerError as error:
            return sealed(self.failed(error, seconds=control.clock() - begin))

    def _succeeded(self, raw: object, job: Job, control: JobControl) -> Reply:
        operated = self._operated(raw)
        if operated is not None:
            return sealed(operated)
        request = self.codec.decode_request(raw, other_modes=self.operations)
        structlog.contextvars.bind_contextvars(mode=request.mode, hidden=_own_texts(request))
        self.webhooks.check(request.webhook_url)
        result = self.generate(request, job, control)
        reply = sealed(self.codec.encode_result(result))
        _log.info("job.succeeded", **facts(result))
        return reply

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

    def failed(self, error: WorkerError, *, seconds: float = 0.0) -> Reply:
        """The reply to a job that ended in `error`; the line is a warning where the caller can mend it."""
        error_id = _new_error_id()
        log = _log.warning if error.caller_fault else _log.error
        log(
            "job.failed",
            code=error.code,
            error=error.message,
            retryable=error.retryable,
            error_id=error_id,
            cause=_cause(error),
            total_seconds=round(seconds, 3),
        )
        return self.codec.encode_failure(error, error_id)

    def broke(self, *, seconds: float = 0.0) -> Reply:
        """The reply while an unforeseen exception is being handled; its traceback goes to the log only."""
        error_id = _new_error_id()
        _log.exception("job.broke", code="internal", error_id=error_id, total_seconds=round(seconds, 3))
        return self.codec.encode_internal(error_id)


def sealed(reply: Reply) -> Reply:
    """`reply` as it comes out of its own JSON text: whatever cannot be delivered is found here.

    The SDK (runpod 1.12.0) posts nothing at all for what JSON or UTF-8 cannot hold, so that the job hangs until its
    limit, and goes on silently where the platform refuses more than 20 MB. Half a surrogate pair, which a caller
    can send and a message may repeat, becomes "?".

    Raises:
        ValueError: NaN, an infinity, a cycle, or more than a megabyte.
        TypeError: a value that JSON does not know.
    """
    body = json.dumps(reply, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
    if len(body) > _MAX_REPLY_BYTES:
        message = f"the reply has {len(body)} bytes"
        raise ValueError(message)
    delivered: Reply = json.loads(body)
    return delivered


def facts(result: GenerationResult) -> dict[str, object]:
    """What the one line of a finished job tells (docs/operations/logging.md)."""
    output, canvas = result.output, result.canvas
    return {
        "seed": result.seed.number,
        "preset": result.preset,
        "steps": result.steps,
        "loras": len(result.loras),
        "size": str(output.resolution),
        "num_frames": output.frames,
        "fps": output.frame_rate.number,
        "generated_size": str(canvas.resolution),
        "generated_frames": canvas.frames,
        "model": result.model.name,
        "device": result.device,
        "memory_policy": result.statistics.memory_policy,
        "bytes": result.video.size,
        "backend": result.stored.backend,
        "bucket": result.stored.bucket,
        "path": result.stored.path,
        "cold": result.cold,
        "peak_vram_bytes": result.statistics.peak_vram_bytes,
        "replayed": result.replayed,
        "warnings": list(result.all_warnings),
        **{f"{name}_seconds": round(seconds, 3) for name, seconds in attrs.asdict(result.timings).items()},
    }


def _cause(error: WorkerError) -> str | None:
    """What an adapter translated, on one line, without a traceback that it quotes. Redacted when the line is written.

    A long one ends at a word's end: a secret that is cut in two is not recognised any more.
    """
    if error.__cause__ is None:
        return None
    message = str(error.__cause__).partition(_TRACEBACK)[0]
    told = " ".join([f"{type(error.__cause__).__name__}:", *message.split()])
    return told if len(told) <= _MAX_CAUSE else told[:_MAX_CAUSE].rpartition(" ")[0] + " …"


def _own_texts(request: GenerationRequest) -> tuple[str, ...]:
    """What the caller wrote and no log line repeats, not even where an exception quotes it."""
    urls = (picture.url for picture in request.pictures if isinstance(picture, ImageUrl))
    of_target = request.target.hidden if request.target is not None else ()
    of_webhook = request.webhook_url.hidden if request.webhook_url is not None else ()
    texts = (request.prompt.text, request.negative_prompt, *urls, *of_target, *of_webhook)
    return tuple(text for text in texts if text)


def _new_error_id() -> str:
    return secrets.token_hex(8)
