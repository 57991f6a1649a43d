"""The store that keeps finished clips and hands out URLs."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import attrs

from application.job_control import JobControl


@attrs.frozen(kw_only=True)
class ObjectStat:
    """What a store knows of an object. `sha256` is None where none was given to `put`."""

    size: int
    content_type: str | None
    sha256: str | None


@attrs.frozen(kw_only=True)
class ObjectUrl:
    """A URL of an object: signed with its expiry, or public without one."""

    url: str = attrs.field(repr=False)
    expires_at: dt.datetime | None


@attrs.frozen(kw_only=True)
class ObjectHeaders:
    """What a store serves beside the bytes of an object, and keeps as its metadata."""

    content_type: str
    sha256: str | None = None
    """Of the whole object, in hex; kept as metadata and given back by `stat`."""
    cache_seconds: int = 3600
    """Lifetime in caches. An object never changes once a job has ended."""
    metadata: Mapping[str, str] = attrs.field(factory=dict)


class ObjectStore(Protocol):
    """Objects by key. Keys are ASCII slugs joined by "/" (domain.naming), without a leading "/".

    Whole or not at all: an object is visible only when all of its bytes are there. A second `put` under a
    key replaces the object. Every method may raise:

        StorageAuth: the key is wrong, expired, or has too few rights.
        StorageBucket: the bucket is missing, or invisible to the key.
        StorageUnavailable: no answer after the retries.
    """

    __slots__ = ()

    @property
    def backend(self) -> str:
        """Name of the kind of store, as in STORAGE_BACKEND."""

    @property
    def bucket(self) -> str:
        """Name of the bucket that the keys are in."""

    @property
    def is_public(self) -> bool:
        """Whether anyone can read the objects, so that `url` needs no signature."""

    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        """Store the file `source` under `key`, streaming it from the disk.

        Calls `control.check()` before the first byte and at least once a mebibyte, and reports the stage
        "upload" in bytes.

        Raises:
            StorageRejected: refused for its size, type or key; also for an empty file.
            Cancelled, DeadlineExceeded: from `control.check()`; the key then holds what it held before.
        """

    def read(self, key: str, limit: int) -> bytes:
        """The bytes of an object of at most `limit` bytes.

        Raises:
            ObjectMissing: nothing is there.
            StorageRejected: it is larger than `limit`.
        """

    def stat(self, key: str) -> ObjectStat:
        """Size and headers of an object. Raises ObjectMissing."""

    def url(self, key: str) -> ObjectUrl:
        """A URL by which anyone can read the object: public where `is_public`, else signed.

        Raises:
            ObjectMissing: nothing is there (a public store may answer without looking).
        """

    def delete(self, key: str) -> None:
        """Remove an object. Does nothing if none is there."""

    def check(self) -> None:
        """Whether the store can be used: reachable, key accepted, bucket there, and it does what a job asks of it.

        Puts a probe object below the configured prefix, makes its URL, reads it back and deletes it; one that cannot be
        deleted is named in the error. Has little patience, so that no start is held up; may run in several
        workers at once.

        Raises:
            StorageRejected: the probe object was refused.
            DiskFull: this machine has no room for the probe's file.
        """
