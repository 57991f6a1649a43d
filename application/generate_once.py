"""GenerateVideo for a queue: a job that comes again is answered from its record."""

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import attrs

from application.job import Job
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStore
from application.ports.video_model import VideoModel
from application.stored_objects import describe
from application.workspace import workspace
from domain.errors import InvalidValue, ObjectMissing, StorageError, StoragePending, StorageRejected, WorkerError
from domain.naming import record_key
from domain.record import JobRecord, fingerprint
from domain.requests import GenerationRequest
from domain.results import ClipPending, GenerationResult

MAX_RECORD_BYTES: Final = 1 << 20
"""A record has a few KiB, and with the longest prompts 120."""

_RECORD_SECONDS: Final = 10.0
"""What the storing of a record may add to a job whose clip is stored already."""


class RecordCodec(Protocol):
    """Records to bytes and back (adapters/wire)."""

    def encode_record(self, record: JobRecord) -> bytes:
        """What `decode_record` makes the same record of."""

    def decode_record(self, content: bytes) -> JobRecord:
        """The record in `content`. Raises InvalidValue if there is none, or one of another version."""


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@attrs.define(kw_only=True)
class GenerateOnce:
    """Looks for the job's record first, and leaves one behind.

    The platform may deliver a job twice, and its SDK drops one that it takes while the worker is told to stop.
    Only a job that may return has a record: elsewhere ids repeat (`--test_input` has always the same). One with a
    target of its own has none either: whether its clip is still there cannot be seen, and a presigned URL of the
    second delivery is another one, to which nothing was put yet.

    A record helps; it never costs a job. One that cannot be had (missing, unreadable, the store does not answer)
    is as good as none, and one that cannot be kept is a warning. `generate` is a GenerateVideo, and `store`,
    `model`, `prefix` and `work_root` are its own.
    """

    generate: Callable[[GenerationRequest, Job, JobControl], GenerationResult]
    model: VideoModel
    store: ObjectStore
    codec: RecordCodec
    prefix: str
    keep_prompts: bool = True
    work_root: Path | None = None
    now: Callable[[], dt.datetime] = _utc_now

    def __call__(self, request: GenerationRequest, job: Job, control: JobControl) -> GenerationResult:
        """The result of the same job done before, with a fresh URL; else what `generate` returns.

        Raises:
            WorkerError: what `generate` raises. The record of a clip that is pending is put behind it.
        """
        if not job.may_return or request.target is not None:
            return self.generate(request, job, control)
        key = record_key(self.prefix, job.key_for(request), job.number)
        mark = fingerprint(request, self.model.profile().identity)
        earlier, warnings = self._look_up(key)
        if earlier is not None and earlier.fingerprint == mark and self._still_there(earlier.result):
            return self._replayed(earlier, request)
        try:
            result = self.generate(request, job, control)
        except ClipPending as exc:
            self._keep(key, self._record(request, exc.result, mark), control)
            raise
        warnings += self._keep(key, self._record(request, result, mark), control)
        return attrs.evolve(result, warnings=result.warnings + warnings)

    def _look_up(self, key: str) -> tuple[JobRecord | None, tuple[str, ...]]:
        """The record under `key`, or None and what is to be told about that."""
        try:
            return self.codec.decode_record(self.store.read(key, MAX_RECORD_BYTES)), ()
        except ObjectMissing:
            return None, ()
        except (InvalidValue, StorageRejected):
            return None, ("The record of an earlier delivery could not be read; the clip was made anew",)
        except StorageError:
            return None, ()  # the store's trouble shows, or has passed, when the clip is stored

    def _still_there(self, result: GenerationResult) -> bool:
        try:
            found = self.store.stat(result.stored.path)
        except StorageError:
            return False
        return found.size == result.video.size and found.sha256 in {None, result.video.sha256}

    def _replayed(self, earlier: JobRecord, request: GenerationRequest) -> GenerationResult:
        notice = f"Answered from the record of an earlier delivery; the clip was made at {_shown(earlier.created_at)}"
        signed, poster = request.return_signed_url, earlier.result.poster
        if poster is not None:
            again = describe(self.store, poster.stored.path, signed=signed, what="poster")
            poster = attrs.evolve(poster, stored=again)
        return attrs.evolve(
            earlier.result,
            stored=describe(self.store, earlier.result.stored.path, signed=signed),
            poster=poster,
            warnings=(*earlier.result.warnings, notice),
            replayed=True,
        )

    def _record(self, request: GenerationRequest, result: GenerationResult, mark: str) -> JobRecord:
        return JobRecord.of(request, result, mark, created_at=self.now(), keep_prompts=self.keep_prompts)

    def _keep(self, key: str, record: JobRecord, control: JobControl) -> tuple[str, ...]:
        """Store the record, in its own time and also if the job was cancelled meanwhile: its clip is a fact."""
        content = self.codec.encode_record(record)
        if len(content) > MAX_RECORD_BYTES:
            return (_not_kept("It is too large"),)
        headers = ObjectHeaders(
            content_type="application/json", sha256=hashlib.sha256(content).hexdigest(), cache_seconds=0
        )
        try:
            with workspace(self.work_root) as folder:
                file = folder / "record.json"
                file.write_bytes(content)
                own = JobControl(deadline=control.clock() + _RECORD_SECONDS, clock=control.clock)
                self.store.put(file, key, headers, own)
        except StoragePending:
            return ()
        except WorkerError as exc:
            return (_not_kept(exc.message),)
        except OSError:
            return (_not_kept("The worker's disk did not take it"),)
        return ()


def _not_kept(reason: str) -> str:
    return f"The clip is stored, but its record is not, so that a second delivery would make it anew: {reason}"


def _shown(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
