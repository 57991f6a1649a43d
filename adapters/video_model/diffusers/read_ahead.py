"""Reads files into the page cache before somebody needs them.

safetensors maps its files, and a page fault asks a disk for a few blocks at a time. Large reads from several threads
bring what comes next meanwhile, also while Python imports and builds modules.
"""

import os
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import attrs
from typing_extensions import override

_BLOCK_BYTES: Final = 64 << 20
"""What a thread takes on at once."""

_BUFFER_BYTES: Final = 8 << 20
"""Of each thread, used again and again: reading into fresh memory costs a page fault for every page."""

_WINDOW_BYTES: Final = 8 << 30
"""How far beyond the component in use it reads: a host with little memory must not lose what is needed first."""

_THREADS: Final = 8
"""With four the loading of 2.45 GB from a cold cache came to 0.88 to 0.96 of a plain read's speed, with eight to 0.99
and 1.03 (`python -m benchmarks.load`): mapping the pages comes behind the reading, which has to be faster."""


class BlockReader(Protocol):
    """Reads a part of a file, for the side effect."""

    __slots__ = ()

    def read(self, file: Path, start: int, length: int) -> int:
        """Bytes that were read, less than `length` at the file's end. Raises OSError."""


class PageCacheReader(BlockReader):
    """Has the kernel fetch a block at once, and waits for it. Not for several threads."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))

    @override
    def read(self, file: Path, start: int, length: int) -> int:
        done = 0
        with file.open("rb", buffering=0) as stream:
            if sys.platform == "linux":
                os.posix_fadvise(stream.fileno(), start, length, os.POSIX_FADV_WILLNEED)
            stream.seek(start)
            while count := stream.readinto(self._buffer[: min(_BUFFER_BYTES, length - done)]):
                done += count
        return done


@attrs.frozen
class _Block:
    group: int
    file: Path
    start: int
    length: int
    end: int
    """Of all bytes of all groups, in their order."""


class ReadAhead:
    """Reads groups of files in their order, from the entry of the context manager until its exit.

    The groups up to the one in use (`using`) are read without a bound, those behind it `window` bytes far. A group
    that is no longer in use is skipped. A file that cannot be read ends the reading: whoever needs it will say why.
    It may be entered again by whoever goes on with it, and left again: it reads once, until the first exit.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[Path]],
        *,
        window: int = _WINDOW_BYTES,
        block: int = _BLOCK_BYTES,
        threads: int = _THREADS,
        reader: Callable[[], BlockReader] = PageCacheReader,
    ) -> None:
        self._names = list(groups)
        self._blocks = deque(_blocks(list(groups.values()), block))
        self._ends = list(accumulate(sum(file.stat().st_size for file in files) for files in groups.values()))
        self._unread = Counter(block.group for block in self._blocks)
        self._window = window
        self._reader = reader
        self._changed = threading.Condition()
        self._bound = self._ends[0] + window if groups else 0
        self._stopped = False
        self._threads = [threading.Thread(target=self._work, name="read-ahead", daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            if thread.ident is None:
                thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; each thread finishes the block that it is at."""
        self._stop()
        for thread in self._threads:
            thread.join()

    def using(self, group: str) -> None:
        """Say that the files of `group` are needed now, and those of earlier groups no more."""
        with self._changed:
            number = self._names.index(group)
            while self._blocks and self._blocks[0].group < number:
                self._blocks.popleft()
            self._bound = self._ends[number] + self._window
            self._changed.notify_all()

    def wait(self, group: str) -> None:
        """Return when `group` has been read, or the reading has ended early. The group must be in use."""
        number = self._names.index(group)
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._unread[number])

    def _work(self) -> None:
        try:
            reader = self._reader()
            while block := self._take():
                reader.read(block.file, block.start, block.length)
                with self._changed:
                    self._unread[block.group] -= 1
                    self._changed.notify_all()
        except (OSError, MemoryError):
            self._stop()

    def _take(self) -> _Block | None:
        """The next block, once it may be read; None: there is nothing more to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._blocks or self._blocks[0].end <= self._bound)
            return self._blocks.popleft() if self._blocks and not self._stopped else None

    def _stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


def _blocks(groups: Sequence[Sequence[Path]], size: int) -> Iterator[_Block]:
    end = 0
    for group, files in enumerate(groups):
        for file in files:
            total = file.stat().st_size
            for start in range(0, total, size):
                length = min(size, total - start)
                end += length
                yield _Block(group, file, start, length, end)
