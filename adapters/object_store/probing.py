"""A probe object: the proof that a store can be used is to use it."""

import tempfile
import time
import uuid
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStore
from domain.errors import (
    DeadlineExceeded,
    DiskFull,
    ObjectMissing,
    StorageAuth,
    StorageUnavailable,
    WorkerError,
)

_HEADERS: Final = ObjectHeaders(content_type="video/mp4", cache_seconds=0)
"""A clip's type, for a bucket may be closed to others."""

_CONTENT: Final = b"written by a worker at its start, to see whether it can\n"
_PUT_SECONDS: Final = 10.0


def probe(store: ObjectStore, prefix: str) -> None:
    """Put a few bytes below `{prefix}/probe/`, make a URL, read them back, delete them, and see that they are gone.

    Each probe has a name of its own: workers that start at the same time do not meet. It is as patient as `store`,
    but for the upload, which ends after ten seconds.

    Raises:
        StorageAuth: also for a key that may write but not delete; the object that stays is named.
        StorageBucket, StorageRejected, StorageUnavailable: as the store says.
        DiskFull: the file with the bytes could not be written here.
    """
    key = "/".join(part for part in (prefix.strip("/"), "probe", uuid.uuid4().hex) if part)
    try:
        _put(store, key)
    except StorageUnavailable:
        raise  # who does not answer will not delete either
    except WorkerError:
        with suppress(WorkerError):
            store.delete(key)  # of use where the object was taken, but could not be looked at
        raise
    try:
        store.url(key)
        _compare(store, key)
    finally:
        _delete(store, key)


def _put(store: ObjectStore, key: str) -> None:
    control = JobControl(deadline=time.monotonic() + _PUT_SECONDS)
    with ExitStack() as stack:
        source = _written(stack)
        try:
            store.put(source, key, _HEADERS, control)
        except DeadlineExceeded as exc:
            message = f"The store did not take a few bytes within {_PUT_SECONDS:.0f} seconds"
            raise StorageUnavailable(message) from exc


def _written(stack: ExitStack) -> Path:
    """The file to be put, which goes with `stack`."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="ltx2-probe-", ignore_cleanup_errors=True)
        source = Path(stack.enter_context(folder), "probe")
        source.write_bytes(_CONTENT)
    except OSError as exc:
        message = "The worker's disk has no room for the file that probes the store"
        raise DiskFull(message) from exc
    return source


def _compare(store: ObjectStore, key: str) -> None:
    try:
        content = store.read(key, len(_CONTENT))
    except ObjectMissing as exc:
        message = "The key may write, but not read: it needs the right to read objects"
        raise StorageAuth(message) from exc
    if content != _CONTENT:
        message = "The store gave back other bytes than it was given: is what answers there a store?"
        raise StorageUnavailable(message)


def _delete(store: ObjectStore, key: str) -> None:
    try:
        store.delete(key)
        left = _is_there(store, key)
    except WorkerError as exc:
        message = f"{exc.message}. The probe object {key} could not be deleted"
        raise type(exc)(message) from exc
    if left:
        message = f"The key may write, but not delete: the probe object {key} is still there"
        raise StorageAuth(message)


def _is_there(store: ObjectStore, key: str) -> bool:
    """Some stores answer a deletion that they do not allow with success."""
    try:
        store.stat(key)
    except ObjectMissing:
        return False
    return True
