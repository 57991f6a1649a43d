"""How a job, or one of its clips, ended: the reply of the contract, and one line in the log."""

import secrets
from typing import Final, Literal, Protocol

import attrs
import structlog

from domain.errors import WorkerError
from domain.requests import GenerationRequest, ImageUrl
from domain.results import GenerationResult
from domain.source_media import AudioUrl, VideoUrl
from entrypoints.replies import Reply, sealed

_TRACEBACK: Final = "Traceback (most recent call last)"
_MAX_CAUSE: Final = 500
"""Characters of a failure's cause in its log line."""

_log = structlog.get_logger()


class ReplyCodec(Protocol):
    """Results and errors to JSON (adapters/wire)."""

    def encode_result(self, result: GenerationResult) -> Reply: ...

    def encode_failure(self, error: WorkerError, error_id: str) -> Reply: ...

    def encode_internal(self, error_id: str) -> Reply: ...


@attrs.frozen
class Endings:
    """`what` it is that ends: its name begins the events (docs/operations/logging.md)."""

    codec: ReplyCodec
    what: Literal["job", "item"] = "job"

    def succeeded(self, result: GenerationResult) -> Reply:
        """The reply, sealed. Raises as `sealed`, and has logged nothing then."""
        reply = sealed(self.codec.encode_result(result))
        _log.info(f"{self.what}.succeeded", **facts(result))
        return reply

    def failed(self, error: WorkerError, *, seconds: float = 0.0) -> Reply:
        """The reply to what ended in `error`; the line is a warning where the caller can mend it."""
        error_id = _new_error_id()
        log = _log.warning if error.caller_fault else _log.error
        log(
            f"{self.what}.failed",
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
        _log.exception(f"{self.what}.broke", code="internal", error_id=error_id, total_seconds=round(seconds, 3))
        return self.codec.encode_internal(error_id)


def facts(result: GenerationResult) -> dict[str, object]:
    """What the one line of a finished clip tells (docs/operations/logging.md)."""
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


def own_texts(request: GenerationRequest) -> tuple[str, ...]:
    """What the caller wrote and no log line repeats, not even where an exception quotes it."""
    inputs = (*request.pictures, request.source)
    urls = (given.url for given in inputs if isinstance(given, ImageUrl | VideoUrl | AudioUrl))
    of_target = request.target.hidden if request.target is not None else ()
    of_webhook = request.webhook_url.hidden if request.webhook_url is not None else ()
    texts = (request.prompt.text, request.negative_prompt, *urls, *of_target, *of_webhook)
    return tuple(text for text in texts if text)


def _cause(error: WorkerError) -> str | None:
    """What an adapter translated, on one line, without a traceback that it quotes. Redacted when the line is written.

    A long one ends at a word's end: a secret that is cut in two is not recognised any more.
    """
    if error.__cause__ is None:
        return None
    message = str(error.__cause__).partition(_TRACEBACK)[0]
    told = " ".join([f"{type(error.__cause__).__name__}:", *message.split()])
    return told if len(told) <= _MAX_CAUSE else told[:_MAX_CAUSE].rpartition(" ")[0] + " …"


def _new_error_id() -> str:
    return secrets.token_hex(8)
