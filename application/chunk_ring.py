"""Copies of a clip's chunks on their way from one thread to another, in a few buffers that are used again."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Final

from application.job_control import JobControl
from domain.errors import Cancelled

CHUNKS: Final = 3
"""One is used, one waits, one is copied: where both sides are even, neither waits for the other."""
_LOOK_SECONDS: Final = 0.05
"""How often one who waits for room looks at the stop flag and the deadline."""


class ChunkRing:
    """Between one thread that puts and one that takes.

    At most CHUNKS chunks are held, more while all of them together have no more than `spare_bytes`. It ends in one of
    three ways: `complete` (all has been put), `abandon` (the putting side gives up; whoever takes is cancelled), `end`
    (the taking side wants no more).
    """

    def __init__(self, spare_bytes: int = 0) -> None:
        self._spare_bytes = spare_bytes
        self._changed = threading.Condition()
        self._waiting: deque[memoryview] = deque()
        self._free: list[bytearray] = []
        self._held = 0
        self._held_bytes = 0
        self._is_complete = False
        self._is_abandoned = False
        self._is_ended = False

    @property
    def is_abandoned(self) -> bool:
        """Whether the putting side has given up; also once it has left in peace."""
        return self._is_abandoned

    def put(self, chunk: memoryview, control: JobControl) -> bool:
        """Take a copy of `chunk`, as soon as there is room; False: nobody wants it any more.

        Raises what `control.check` raises while it waits.
        """
        while not self._reserve(chunk.nbytes):
            control.check()
        if self._is_ended:
            return False
        buffer = self._free.pop() if self._free else bytearray()
        if len(buffer) < chunk.nbytes:
            buffer = bytearray(chunk.nbytes)
        copied = memoryview(buffer)[: chunk.nbytes]
        copied[:] = chunk.cast("B")
        with self._changed:
            self._waiting.append(copied)
            self._changed.notify_all()
        return True

    def taken(self) -> Iterator[memoryview]:
        """The chunks, each valid until the next is asked for. Raises Cancelled when the ring is abandoned."""
        while (chunk := self._next()) is not None:
            yield chunk
            self._give_back(chunk)

    def complete(self) -> None:
        with self._changed:
            self._is_complete = True
            self._free.clear()
            self._changed.notify_all()

    def abandon(self) -> None:
        with self._changed:
            self._is_abandoned = True
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def _reserve(self, size: int) -> bool:
        """Whether there is room for `size` bytes more, or nobody to take them; waits a moment where there is not."""
        with self._changed:
            if self._is_full(size):
                self._changed.wait(_LOOK_SECONDS)
            if self._is_full(size):
                return False
            self._held += 1
            self._held_bytes += size
            return True

    def _is_full(self, size: int) -> bool:
        if self._is_ended or self._held < CHUNKS:
            return False
        return self._held_bytes + size > self._spare_bytes

    def _next(self) -> memoryview | None:
        with self._changed:
            while not (self._waiting or self._is_complete or self._is_abandoned):
                self._changed.wait()
            if self._is_abandoned:
                message = "The making of the clip has ended"
                raise Cancelled(message)
            return self._waiting.popleft() if self._waiting else None

    def _give_back(self, chunk: memoryview) -> None:
        buffer = chunk.obj
        with self._changed:
            self._held -= 1
            self._held_bytes -= chunk.nbytes
            if isinstance(buffer, bytearray) and not self._is_complete:
                self._free.append(buffer)
            self._changed.notify_all()
