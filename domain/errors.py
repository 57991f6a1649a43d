"""The one error tree of the worker. Each class is one `code` of the public contract (docs/operations/errors.md).

Messages are written for the caller: no traceback, no local path, no host name, no secret. What an adapter
knows beyond that goes into the log through the exception's `__cause__`.
"""

from typing import ClassVar

import attrs

_INVALID_INPUT_LIMIT = 2_000
"""Characters of `error` that one reply may carry; the whole list stands in `details`."""


class InvalidValue(ValueError):
    """A value object refused its value. `message` follows a field name: "must be even, got 511"."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@attrs.frozen
class Fault:
    """One thing that is wrong: where (`path`, as in `keyframes[2].frame`) and what would be right."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path} {self.message}".strip()


class WorkerError(Exception):
    """Root of everything that ends a job with a contract failure.

    `retryable`: the same job may succeed later, or on another worker.
    `caller_fault`: logged as a warning, for it is not ours to mend.
    `refresh_worker`: this process can do no further work; the reply asks the platform for a new one.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = True
    caller_fault: ClassVar[bool] = False
    refresh_worker: ClassVar[bool] = False

    def __init__(self, message: str, *, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.faults = faults


class InvalidInput(WorkerError):
    """The request breaks the README's table of fields. Raised with every fault at once, in the table's order."""

    code = "invalid_input"
    retryable = False
    caller_fault = True

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        joined = "Invalid input: " + "; ".join(str(fault) for fault in faults)
        if len(joined) > _INVALID_INPUT_LIMIT:
            joined = joined[: _INVALID_INPUT_LIMIT - 1] + "…"
        super().__init__(joined, faults=faults)


class InputRefused(WorkerError):
    """A URL or a file that the policy forbids."""

    code = "input_refused"
    retryable = False
    caller_fault = True


class InputUnavailable(WorkerError):
    """The input's host did not deliver."""

    code = "input_unavailable"
    caller_fault = True


class InputUnreadable(WorkerError):
    """The input cannot be decoded as what it should be."""

    code = "input_unreadable"
    retryable = False
    caller_fault = True


class OverLimit(WorkerError):
    """Valid, but beyond this worker's limits; the faults name the largest value that fits."""

    code = "over_limit"
    retryable = False
    caller_fault = True


class ModelUnavailable(WorkerError):
    """Weights are missing or incomplete."""

    code = "model_unavailable"


class OutOfMemory(WorkerError):
    """The job did not fit into the device's memory."""

    code = "out_of_memory"
    retryable = False


class GpuFailed(WorkerError):
    """The device context is lost: everything after it fails as long as the process lives."""

    code = "gpu_failed"
    refresh_worker = True


class DeadlineExceeded(WorkerError):
    """The job's time budget ran out."""

    code = "deadline_exceeded"
    caller_fault = True


class Cancelled(WorkerError):
    """Stopped on request. A queue's caller never sees it: the platform has answered already."""

    code = "cancelled"
    retryable = False
    caller_fault = True


class EncodeFailed(WorkerError):
    """The clip could not be written as a video, or the written file is not what it should be."""

    code = "encode_failed"
    retryable = False


class StorageError(WorkerError):
    """The store did not do what it was asked for. Never raised itself: its kinds are."""


class StorageAuth(StorageError):
    """The store's key is wrong, expired, or has too few rights."""

    code = "storage_auth"
    retryable = False


class StorageBucket(StorageError):
    """The bucket is missing, or the key may not see it."""

    code = "storage_bucket"
    retryable = False


class StorageRejected(StorageError):
    """The store refused the object: its size, type or key."""

    code = "storage_rejected"
    retryable = False


class StorageUnavailable(StorageError):
    """The store did not answer, also after the retries."""

    code = "storage_unavailable"


class StoragePending(StorageUnavailable):
    """The store did not answer, but the object is safe: it will be delivered under its path later.

    `path`, `bucket`, `sha256`: of the object; `sha256` is None where none was given to `put`.
    """

    def __init__(self, message: str, *, bucket: str, path: str, sha256: str | None) -> None:
        super().__init__(message)
        self.bucket = bucket
        self.path = path
        self.sha256 = sha256


class ObjectMissing(StorageRejected):
    """No object under that key: `read`, `stat` and `url` raise it, `put` never does."""


class DiskFull(WorkerError):
    """The local disk has no room for the job's files."""

    code = "disk_full"


class SettingsInvalid(WorkerError):
    """The environment does not hold what the worker needs; one fault for each wrong variable."""
