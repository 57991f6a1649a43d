"""A body that becomes a file."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from domain.errors import DiskFull

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_OURS_ALONE: Final = 0o600


def write_new(target: Path, pieces: Iterator[bytes]) -> None:
    """Write `pieces` to `target`, which must not be there yet; gone again if that fails for whatever reason.

    Raises:
        DiskFull: there is no room.
        FileExistsError: it is there.
        What `pieces` raises.
    """
    with _room():
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OURS_ALONE)
    try:
        with os.fdopen(descriptor, "wb", buffering=0):
            for piece in pieces:
                _write(descriptor, memoryview(piece))
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _write(descriptor: int, rest: memoryview) -> None:
    with _room():
        while rest:
            rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            message = "The worker's disk has no room for the job's files"
            raise DiskFull(message) from exc
        raise
