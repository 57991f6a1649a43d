"""The single catch-all: whatever happens in a job becomes a reply of the contract, and one line in the log."""

import secrets
from typing import Any, Protocol

import attrs
import structlog

from application.job import Job
from application.job_control import JobControl
from domain.errors import WorkerError
from domain.requests import GenerationRequest
from domain.results import GenerationResult

Reply = dict[str, Any]

_log = structlog.get_logger()


class Codec(Protocol):
    """JSON to requests and back (adapters/wire)."""

    def decode_request(self, raw: object) -> GenerationRequest: ...

    def encode_result(self, result: GenerationResult) -> Reply: ...

    def encode_failure(self, error: WorkerError, error_id: str) -> Reply: ...

    def encode_internal(self, error_id: str) -> Reply: ...


class UseCase(Protocol):
    """GenerateVideo, or what is wrapped around it."""

    def __call__(self, request: GenerationRequest, job: Job, control: JobControl, /) -> GenerationResult: ...


@attrs.frozen
class Guard:
    """Decodes, generates, encodes the reply. Never raises an Exception."""

    codec: Codec
    generate: UseCase

    def __call__(self, raw: object, job: Job, control: JobControl) -> Reply:
        """The reply to `raw`, the caller's input as parsed JSON.

        Every line that is logged meanwhile on this thread carries the job's id and, once it is known, its mode.
        """
        with structlog.contextvars.bound_contextvars(job_id=job.id, mode=None):
            begin = control.clock()
            try:
                request = self.codec.decode_request(raw)
                structlog.contextvars.bind_contextvars(mode=request.mode)
                result = self.generate(request, job, control)
                reply = self.codec.encode_result(result)
                _log.info("job.succeeded", **facts(result))
            except WorkerError as error:
                return self.failed(error, seconds=control.clock() - begin)
            except Exception:  # noqa: BLE001 - the one catch-all: whatever it is, the caller gets a reply
                return self.broke(seconds=control.clock() - begin)
            return reply

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


def facts(result: GenerationResult) -> dict[str, object]:
    """What the one line of a finished job tells (docs/operations/logging.md)."""
    plan, timings = result.plan, result.timings
    return {
        "seed": plan.seed.number,
        "steps": plan.steps,
        "size": str(plan.output.resolution),
        "num_frames": plan.output.frames,
        "fps": plan.output.frame_rate.number,
        "generated_size": str(plan.canvas.resolution),
        "generated_frames": plan.canvas.frames,
        "model": result.profile.name,
        "device": result.profile.device,
        "bytes": result.video.size,
        "backend": result.stored.backend,
        "bucket": result.stored.bucket,
        "path": result.stored.path,
        "cold": result.cold,
        "peak_vram_bytes": result.statistics.peak_vram_bytes,
        "warnings": list(result.warnings),
        **{f"{name}_seconds": round(seconds, 3) for name, seconds in attrs.asdict(timings).items()},
    }


def _cause(error: WorkerError) -> str | None:
    """What an adapter translated, as one redacted line: the log's readers need it, callers do not."""
    cause = error.__cause__
    return None if cause is None else f"{type(cause).__name__}: {cause}"[:500]


def _new_error_id() -> str:
    return secrets.token_hex(8)
