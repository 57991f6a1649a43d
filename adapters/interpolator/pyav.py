"""Frames between frames through PyAV: FFmpeg's motion estimation, in this process."""

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Final

import attrs
import av.error
from typing_extensions import override

from adapters.interpolator.motion import MotionFilter
from application.job_control import JobControl
from application.ports.interpolator import Interpolator
from domain.clip import Clip, PixelFormat
from domain.errors import EncodeFailed
from domain.geometry import MIN_SIDE, Resolution
from domain.interpolation import denser

_FAILED: Final = "No frames could be put between those of the clip"


class PyAvInterpolator(Interpolator):
    """Works on the CPU, in one thread, as frames are asked for. Keeps nothing between clips."""

    __slots__ = ()

    @override
    def interpolated(self, clip: Clip, factor: int, control: JobControl) -> AbstractContextManager[Clip]:
        return _opened(clip, factor, control)

    @override
    def check(self) -> None:
        """Make frames."""
        made = _Interleaving(Resolution(MIN_SIDE, MIN_SIDE), "yuv420p", 2)
        black = memoryview(bytes(MIN_SIDE * MIN_SIDE * 3 // 2))
        frames = [*made.added(black), *made.added(black), *made.rest()]
        if len(frames) != 4:  # noqa: PLR2004 - two frames, doubled
            raise EncodeFailed(_FAILED)


@contextmanager
def _opened(clip: Clip, factor: int, control: JobControl) -> Iterator[Clip]:
    with closing(_chunks(clip, factor, control)) as chunks:
        yield attrs.evolve(clip, geometry=denser(clip.geometry, factor), chunks=chunks)


def _chunks(clip: Clip, factor: int, control: JobControl) -> Generator[memoryview, None, None]:
    """One frame each."""
    made = _Interleaving(clip.geometry.resolution, clip.pixel_format, factor)
    size = clip.frame_bytes
    control.check()
    for chunk in clip.chunks:
        if chunk.format != "B" or not chunk.c_contiguous or not chunk.nbytes or chunk.nbytes % size:
            message = f"A chunk of the clip has {chunk.nbytes} bytes instead of {size} for each frame"
            raise EncodeFailed(message)
        flat = chunk.cast("B")
        for start in range(0, chunk.nbytes, size):
            control.check()
            for frame in made.added(flat[start : start + size]):
                control.check()
                yield frame
    for frame in made.rest():
        control.check()
        yield frame


class _Interleaving:
    """The given frames as they are, each followed by those that the filter makes between it and the next."""

    def __init__(self, resolution: Resolution, pixel_format: PixelFormat, factor: int) -> None:
        with _failures():
            self._motion = MotionFilter(resolution, pixel_format, factor)
        self._factor = factor
        self._waiting: deque[bytes] = deque()  # two at most: the filter looks ahead
        self._last = b""
        self._given = 0
        self._handed = 0

    def added(self, frame: memoryview) -> Iterator[memoryview]:
        """Take the next frame; what can be told by now."""
        self._given += 1
        self._last = bytes(frame)
        self._waiting.append(self._last)
        with _failures():
            self._motion.add(frame)
        yield from self._ready()

    def rest(self) -> Iterator[memoryview]:
        """All that is left after the last frame."""
        with _failures():
            self._motion.finish()
        yield from self._ready()
        if self._given == 1:  # nothing lies between
            yield self._next_given()
        if not self._given:
            return
        if self._waiting or self._handed != self._factor * (self._given - 1) + 1:
            raise EncodeFailed(_FAILED)
        for _ in range(self._factor - 1):
            yield memoryview(self._last)

    def _ready(self) -> Iterator[memoryview]:
        while True:
            with _failures():
                found = self._motion.ready()
            if found is None:
                return
            position, frame = found
            if position != self._handed:
                raise EncodeFailed(_FAILED)
            if position % self._factor == 0:
                yield self._next_given()
                continue
            with _failures():
                pixels = self._motion.pixels(frame)
            self._handed += 1
            yield pixels

    def _next_given(self) -> memoryview:
        self._handed += 1
        return memoryview(self._waiting.popleft())


@contextmanager
def _failures() -> Iterator[None]:
    """Only calls of the filter belong inside: what the clip's producer raises may well be an error of av, too."""
    try:
        yield
    except av.error.FFmpegError as exc:
        message = f"{_FAILED}: {exc.strerror or 'unknown error'}"
        raise EncodeFailed(message) from exc
