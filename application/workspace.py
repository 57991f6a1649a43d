"""A folder of its own for each job, gone when the job is."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from domain.errors import DiskFull

PREFIX: Final = "ltx2-job-"
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def workspace(root: Path | None) -> Iterator[Path]:
    """An empty folder below `root` (None: the system's temporary folder), readable by this user only.

    Raises:
        DiskFull: it cannot be made for want of room.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=root, ignore_cleanup_errors=True)
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            message = "The worker's disk has no room for the job's files"
            raise DiskFull(message) from exc
        raise
    with folder as name:
        yield Path(name)
