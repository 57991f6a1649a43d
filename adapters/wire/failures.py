"""The reply to a job that failed (docs/operations/errors.md)."""

from collections.abc import Callable

from domain.errors import StoragePending, WorkerError


def encode_failure(error: WorkerError, error_id: str, redact: Callable[[str], str] = str) -> dict[str, object]:
    """The reply for an error of our tree, its words redacted.

    `error_id` is the one under which the log has the cause.
    """
    reply: dict[str, object] = {
        "ok": False,
        "error": redact(error.message) or f"The job failed ({error.code})",  # the SDK takes an empty text for success
        "code": error.code,
        "retryable": error.retryable,
        "details": [{"path": redact(fault.path), "message": redact(fault.message)} for fault in error.faults],
        "error_id": error_id,
    }
    if isinstance(error, StoragePending):
        reply["storage"] = {"bucket": error.bucket, "path": error.path, "pending": True, "sha256": error.sha256}
    if error.refresh_worker:
        reply["refresh_worker"] = True
    return reply


def encode_internal(error_id: str) -> dict[str, object]:
    """The reply for an exception that nobody foresaw: nothing of it is told but where to look."""
    return encode_failure(WorkerError(f"Internal error; the worker's log has it under {error_id}"), error_id)
