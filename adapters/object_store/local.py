"""Objects as files below a folder: for development, the demo, and machines with a disk of their own."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from typing_extensions import override

from adapters.object_store.config import LocalConfig
from adapters.object_store.keys import require_legal_key
from adapters.object_store.local_files import FileWriter, Sync, read_headers
from adapters.object_store.probing import probe
from adapters.object_store.upload_source import UploadSource
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore, ObjectUrl
from domain.errors import (
    DiskFull,
    ObjectMissing,
    StorageAuth,
    StorageBucket,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)

_BLOCK: Final = 1 << 18
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_IN_THE_WAY: Final = frozenset({errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG})


class LocalStore(ObjectStore):
    """Files below `config.root`, which is created when it is first needed. Its URLs are `file://` URLs.

    Whoever can read the folder can read the objects, so the store is public. The bucket is named after the folder;
    the folder's whole path stands nowhere but in the URLs. Objects are found by their path: one cannot lie below
    another, as `a` and `a/b` would.
    """

    def __init__(self, config: LocalConfig, *, sync: Sync = os.fsync) -> None:
        self._root = config.root.expanduser().absolute()
        self._prefix = config.prefix
        self._files = FileWriter(sync)

    @property
    @override
    def backend(self) -> str:
        return "local"

    @property
    @override
    def bucket(self) -> str:
        return self._root.name or "root"

    @property
    @override
    def is_public(self) -> bool:
        return True

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        """See the port. Raises DiskFull too."""
        control.check()
        target = self._path(key)

        def copy(content: BinaryIO) -> None:
            while block := file.read(_BLOCK):
                content.write(block)

        with UploadSource(source, control) as file, _translated():
            self._require_root()
            target.parent.mkdir(parents=True, exist_ok=True)
            self._files.write(target, headers, copy)

    @override
    def read(self, key: str, limit: int) -> bytes:
        target = self._existing(key)
        with _translated(), target.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            message = f"The object is larger than {limit} bytes"
            raise StorageRejected(message)
        return content

    @override
    def stat(self, key: str) -> ObjectStat:
        target = self._existing(key)
        with _translated():
            headers = read_headers(target)
            size = target.stat().st_size
        return ObjectStat(
            size=size,
            content_type=None if headers is None else headers.content_type,
            sha256=None if headers is None else headers.sha256,
        )

    @override
    def url(self, key: str) -> ObjectUrl:
        return ObjectUrl(url=self._existing(key).as_uri(), expires_at=None)

    @override
    def delete(self, key: str) -> None:
        try:
            target = self._existing(key)
        except ObjectMissing:
            return
        with _translated(), suppress(FileNotFoundError):
            self._files.remove(target)

    @override
    def check(self) -> None:
        with _translated():
            self._require_root()
        probe(self, self._prefix)

    def _require_root(self) -> None:
        """The folder, made if it is missing.

        Raises:
            StorageBucket: it cannot be one, as something else has its name.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as exc:
            message = "The folder of the local store is no folder"
            raise StorageBucket(message) from exc

    def _existing(self, key: str) -> Path:
        target = self._path(key)
        with _translated():
            if not target.is_file():
                message = "There is no such object"
                raise ObjectMissing(message)
        return target

    def _path(self, key: str) -> Path:
        """Where the object lies. Raises StorageRejected for a key that is illegal or leads through a link."""
        require_legal_key(key)
        path = self._root
        with _translated():
            for segment in key.split("/"):
                path /= segment
                if path.is_symlink():
                    message = "The object's key leads through a link, maybe out of the store"
                    raise StorageRejected(message)
        return path


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the disk says into the store's errors. Its own text holds paths and goes no further."""
    try:
        yield
    except OSError as exc:
        raise _failure(exc) from exc


def _failure(exc: OSError) -> WorkerError:
    if exc.errno in _FULL:
        return DiskFull("The disk of the local store is full")
    if exc.errno in _FORBIDDEN:
        return StorageAuth("The folder of the local store does not let this process in")
    if exc.errno in _IN_THE_WAY:
        return StorageRejected("The object's key collides with another object, or is too long for the disk")
    return StorageUnavailable("The disk of the local store does not work")
