"""An interpolator that sees no motion."""

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import attrs
from typing_extensions import override

from application.job_control import JobControl
from application.ports.interpolator import Interpolator
from domain.clip import Clip
from domain.errors import EncodeFailed, WorkerError
from domain.interpolation import denser


class FakeInterpolator(Interpolator):
    """Shows each frame `factor` times, one frame a chunk.

    Look inside: `calls` lists (frames, factor) of the clips that it was given, `open` counts those whose context is
    open.

    Break it: `fail(EncodeFailed("…"))` lets the next clip raise it behind its first frame, once for each error given;
    `fail_check` does so for `check`.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []
        self.open = 0
        self._queued: deque[WorkerError] = deque()
        self._queued_checks: deque[WorkerError] = deque()

    def fail(self, *errors: WorkerError) -> None:
        self._queued.extend(errors)

    def fail_check(self, *errors: WorkerError) -> None:
        self._queued_checks.extend(errors)

    @override
    def interpolated(self, clip: Clip, factor: int, control: JobControl) -> AbstractContextManager[Clip]:
        return self._opened(clip, factor, control)

    @override
    def check(self) -> None:
        if self._queued_checks:
            raise self._queued_checks.popleft()

    @contextmanager
    def _opened(self, clip: Clip, factor: int, control: JobControl) -> Iterator[Clip]:
        self.calls.append((clip.geometry.frames, factor))
        self.open += 1
        try:
            with closing(self._repeated(clip, factor, control)) as chunks:
                yield attrs.evolve(clip, geometry=denser(clip.geometry, factor), chunks=chunks)
        finally:
            self.open -= 1

    def _repeated(self, clip: Clip, factor: int, control: JobControl) -> Generator[memoryview, None, None]:
        size = clip.frame_bytes
        control.check()
        for chunk in clip.chunks:
            if not chunk.nbytes or chunk.nbytes % size:
                message = f"A chunk of the clip has {chunk.nbytes} bytes instead of {size} for each frame"
                raise EncodeFailed(message)
            for start in range(0, chunk.nbytes, size):
                frame = bytes(chunk[start : start + size])
                for _ in range(factor):
                    control.check()
                    yield memoryview(frame)
                if self._queued:
                    raise self._queued.popleft()
