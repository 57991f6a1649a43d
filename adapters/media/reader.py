"""Asks a confined child what is in a video or a sound, and for pieces of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import attrs

from adapters.http.faults import at_field
from adapters.media.claims import from_fields, measured_in
from adapters.media.config import MediaLimits
from adapters.media.faults import NoPlainFile
from adapters.media.info import MediaInfo, SoundExtent
from adapters.media.orders import FrameOrder, SoundOrder, arguments
from adapters.media.refusals import REFERS
from adapters.media.source import plain_file
from adapters.sandbox.config import SandboxLimits
from adapters.sandbox.sandbox import Accept, Sandbox
from application.job_control import JobControl
from domain.errors import InputRefused, OverLimit

ResultT = TypeVar("ResultT")
_CHILD: Final = "adapters.media.child"
_OUTPUT_BYTES: Final = 128 << 20
"""Of one piece: 20 frames of 1920x1088, or the longest sound at the highest rate in two channels (92 MB)."""
_MORE_SECONDS: Final = 5.0
"""Past the reading time, before the child is given up."""


@attrs.frozen(eq=False)
class _Ask:
    """One file in the sandbox's hands."""

    sandbox: Sandbox
    source: BinaryIO
    path: str
    control: JobControl

    def __call__(self, task: str, given: Mapping[str, Any], accept: Accept[ResultT]) -> ResultT:
        self.control.check()
        return self.sandbox.run(task, self.source, given, accept, path=self.path, control=self.control)


@attrs.frozen(eq=False)
class MediaReader:
    """Reads files that strangers wrote. What crashes FFmpeg, or takes too much, is unreadable.

    The files lie in the job's own folder. Messages name the request's field `path`. Every method raises:

        InputRefused, InputUnreadable: see `refusals`; InputRefused for what is no plain file.
        Cancelled, DeadlineExceeded: from `control.check()`.
        OSError: the file cannot be opened.
    """

    sandbox: Sandbox
    limits: MediaLimits

    def probe(self, file: Path, path: str, control: JobControl) -> MediaInfo:
        """What is in `file`, told by its packets."""
        with self._asking(file, path, control) as ask:
            return ask("probe", arguments(self.limits), lambda fields, _: from_fields(fields, self.limits))

    def measure(self, file: Path, path: str, control: JobControl) -> SoundExtent:
        """When the sound in `file` begins, and how long it is."""
        with self._asking(file, path, control) as ask:
            return ask("measure", arguments(self.limits), lambda fields, _: measured_in(fields, self.limits))

    def frames_per_piece(self, frame_bytes: int) -> int:
        """How many frames one call can give."""
        return max(1, self.sandbox.limits.output_bytes // frame_bytes)

    def frames(self, file: Path, path: str, order: FrameOrder, control: JobControl) -> memoryview:
        """The frames of `order`, at most `frames_per_piece`: uint8 RGB, one after the other, read-only."""
        with self._asking(file, path, control) as ask:
            return ask("frames", arguments(self.limits, order), _sized(order.frames * order.frame_bytes))

    def sound(self, file: Path, path: str, order: SoundOrder, control: JobControl) -> "memoryview[float]":
        """The samples of `order`: float32, planar, read-only.

        Raises:
            OverLimit: more than one call can give.
        """
        size = order.channels * order.samples * 4
        if size > self.sandbox.limits.output_bytes:
            raise at_field(OverLimit, path, "is asked for more sound at once than can be decoded")
        with self._asking(file, path, control) as ask:
            return ask("sound", arguments(self.limits, order), _sized(size)).cast("f")

    @contextmanager
    def _asking(self, file: Path, path: str, control: JobControl) -> Iterator[_Ask]:
        try:
            with plain_file(file) as source:
                yield _Ask(self.sandbox, source, path, control)
        except NoPlainFile as exc:
            raise at_field(InputRefused, path, REFERS) from exc


def media_sandbox(limits: MediaLimits) -> Sandbox:
    """A sandbox for files within `limits`. It has not started yet."""
    seconds = max(limits.reading_seconds, limits.decoding_seconds) + _MORE_SECONDS
    return Sandbox(module=_CHILD, limits=SandboxLimits(output_bytes=_OUTPUT_BYTES, seconds=seconds))


def _sized(size: int) -> Accept[memoryview]:
    """Bytes can be true if there are as many as were asked for."""

    def accept(fields: Mapping[str, Any], data: memoryview) -> memoryview:
        if fields or len(data) != size:
            message = "another size"
            raise ValueError(message)
        return data

    return accept
