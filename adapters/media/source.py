"""The one file that FFmpeg may read."""

import io
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self

import attrs

from adapters.media.faults import NoPlainFile, OtherFile, Overdrawn

_READS_OF_ALL: Final = 3
"""How often a demuxer may read the whole file: its header, its index at the end, its packets."""

_SPARE_BYTES: Final = 16 << 20


@attrs.define(eq=False)
class Source:
    """An open file with an end to what is read of it. FFmpeg gets this object, and no path or descriptor."""

    file: BinaryIO
    size: int
    deadline: float
    clock: Callable[[], float]
    _read: int = 0

    @classmethod
    def of(cls, file: BinaryIO, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """`file`, of which nothing is read after `seconds`. It stays open."""
        return cls(file, os.fstat(file.fileno()).st_size, clock() + seconds, clock)

    def read(self, count: int) -> bytes:
        """As a file's. Raises Overdrawn past the limits."""
        data = self.file.read(count)
        self._read += len(data)
        if self._read > self.size * _READS_OF_ALL + _SPARE_BYTES or self.clock() > self.deadline:
            raise Overdrawn
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As a file's."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """As a file's."""
        return self.file.tell()


@contextmanager
def plain_file(path: Path) -> Iterator[BinaryIO]:
    """The plain file at `path`, open for reading alone, closed afterwards.

    Raises:
        NoPlainFile: it is something else; nothing was opened that blocks or has effects.
        OSError: it cannot be opened.
    """
    with os.fdopen(_plain(path), "rb") as file:
        yield file


def _plain(path: Path) -> int:
    """A descriptor, which is closed again if it leads to no plain file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as exc:
        if path.is_symlink():
            raise NoPlainFile from exc
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoPlainFile
    return descriptor


def refuse_others(_url: str, _flags: int, _options: object) -> io.BytesIO:
    """What FFmpeg calls to open anything beside its source. Raises OtherFile."""
    raise OtherFile
