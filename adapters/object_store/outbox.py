"""A store around another one: what that could not take is kept and delivered later."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from typing_extensions import override

from adapters.object_store.outbox_entry import BrokenEntry, Claim
from adapters.object_store.outbox_folder import OutboxFolder
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore, ObjectUrl
from domain.errors import StoragePending, StorageRejected, StorageUnavailable, WorkerError

_DRAIN_SECONDS: Final = 10.0
"""What the delivery of other jobs' objects may add to a job."""
_REST_SECONDS: Final = 10.0
"""A drain that was cut short is not followed by another at once: a job puts its clip, and then its record."""
_BREAK_SECONDS: Final = 5.0
"""After a put that failed the next one goes into the outbox untried. A record follows its clip within moments:
it would spend all the retries again, and must not overtake the clip."""
_NO_DEADLINE: Final = JobControl()

_log = structlog.get_logger()


class OutboxStore(ObjectStore):
    """Passes everything on to `inner`, and keeps in `outbox` what it did not answer to, after its own retries.

    What is kept is not readable: `stat`, `read` and `url` know only what `inner` has. Entries are delivered by
    `drain`, at the start of a worker and after each put that succeeded; workers may share one folder. Without an
    outbox (None) a put fails as `inner` fails, and says that nothing was kept.
    """

    def __init__(
        self, inner: ObjectStore, outbox: OutboxFolder | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner = inner
        self._outbox = outbox
        self._clock = clock
        self._down: tuple[float, str] | None = None
        self._rest_until = float("-inf")

    @property
    @override
    def backend(self) -> str:
        return self._inner.backend

    @property
    @override
    def bucket(self) -> str:
        return self._inner.bucket

    @property
    @override
    def is_public(self) -> bool:
        return self._inner.is_public

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        """See the port.

        Raises:
            StoragePending: in the place of StorageUnavailable, where the file could be kept.
        """
        down = self._down  # read once: another job's put may end the break meanwhile
        if down is not None and self._clock() < down[0]:
            control.check()
            raise self._kept(source, key, headers, down[1])
        try:
            self._inner.put(source, key, headers, control)
        except StorageUnavailable as exc:
            raise self._kept(source, key, headers, exc.message) from exc.__cause__ or exc
        self._down = None
        self._after_put(key, control)

    @override
    def read(self, key: str, limit: int) -> bytes:
        return self._inner.read(key, limit)

    @override
    def stat(self, key: str) -> ObjectStat:
        return self._inner.stat(key)

    @override
    def url(self, key: str) -> ObjectUrl:
        return self._inner.url(key)

    @override
    def delete(self, key: str) -> None:
        self._inner.delete(key)

    @override
    def check(self) -> None:
        self._inner.check()

    def drain(self, seconds: float, control: JobControl = _NO_DEADLINE) -> int:
        """Deliver what waits, oldest first, and return how many objects that were.

        Ends after `seconds`, at `control`'s deadline or stop, or when the store does not take an entry for a reason
        that may pass. An entry that the store refuses is put aside. Raises no WorkerError and no OSError.
        """
        if self._outbox is None:
            return 0
        deadline = control.clock() + seconds
        if control.deadline is not None:
            deadline = min(deadline, control.deadline)
        limited = JobControl(deadline=deadline, is_cancelled=control.is_cancelled, clock=control.clock)
        delivered = 0
        try:
            self._outbox.take_back()
            while claim := self._outbox.claim_oldest():
                if not self._deliver(self._outbox, claim, limited):
                    self._rest_until = self._clock() + _REST_SECONDS
                    break
                delivered += 1
        except OSError as exc:
            _log.warning("outbox.unusable", cause=str(exc))
        return delivered

    def _deliver(self, outbox: OutboxFolder, claim: Claim, control: JobControl) -> bool:
        """Whether the next entry may follow: this one was delivered, or put aside."""
        key = None
        try:
            key, headers = claim.manifest()
            self._inner.put(claim.content, key, headers, control)
        except (BrokenEntry, StorageRejected) as exc:
            outbox.refuse(claim)
            _log.error("outbox.refused", entry=claim.id, path=key, error=str(exc))
        except WorkerError:
            outbox.release(claim)
            return False
        else:
            outbox.remove(claim)
            _log.info("outbox.delivered", entry=claim.id, path=key)
        return True

    def _after_put(self, key: str, control: JobControl) -> None:
        if self._outbox is None:
            return
        try:
            self._outbox.discard(key)
        except OSError as exc:
            _log.warning("outbox.unusable", cause=str(exc))
            return
        if self._clock() >= self._rest_until:
            self.drain(_DRAIN_SECONDS, control)

    def _kept(self, source: Path, key: str, headers: ObjectHeaders, reason: str) -> StorageUnavailable:
        """Keep the file, and return the error that says so; or the one that says that it could not be kept."""
        if self._outbox is None:
            return StorageUnavailable(f"{reason}. The file could not be kept: this worker has no outbox (OUTBOX_DIR)")
        try:
            self._outbox.add(source, key, headers)
        except OSError as exc:
            _log.warning("outbox.unusable", cause=str(exc))
            return StorageUnavailable(f"{reason}. The file could not be kept: the worker's outbox cannot be written")
        self._down = (self._clock() + _BREAK_SECONDS, reason)
        return StoragePending(
            f"{reason}. The file is kept, and will be delivered under its path when the store answers again",
            bucket=self._inner.bucket,
            path=key,
            sha256=headers.sha256,
        )
