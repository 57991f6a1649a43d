"""Which files are opened, as the kernel sees it: libraries in Rust open files past Python's audit hooks."""

import ctypes
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_OPENED: Final = 0x20  # IN_OPEN
_FOLDER: Final = 0x40000000  # IN_ISDIR
_EVENT: Final = struct.Struct("iIII")


class OpenedFiles:
    """A context manager: `seen` has the files below `root` that anybody opened inside, as paths relative to it.

    Folders are watched that were there on entry. Linux only (inotify).
    """

    def __init__(self, root: Path) -> None:
        self.seen: set[str] = set()
        self._root = root
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._folders: dict[int, Path] = {}

    def __enter__(self) -> Self:
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for folder in [self._root, *(path for path in self._root.rglob("*") if path.is_dir())]:
            watch = self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _OPENED)
            if watch < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")
            self._folders[watch] = folder.relative_to(self._root)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while True:
                self._read(os.read(self._descriptor, 1 << 16))
        except BlockingIOError:
            """There are no more events."""
        finally:
            os.close(self._descriptor)

    def _read(self, events: bytes) -> None:
        start = 0
        while start < len(events):
            watch, mask, _, length = _EVENT.unpack_from(events, start)
            start += _EVENT.size
            name = events[start : start + length].rstrip(b"\0").decode()
            start += length
            if not mask & _FOLDER:
                self.seen.add(str(self._folders[watch] / name))
