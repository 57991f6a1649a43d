"""The maker of frames between the frames of a clip."""

from contextlib import AbstractContextManager
from typing import Protocol

from application.job_control import JobControl
from domain.clip import Clip


class Interpolator(Protocol):
    """Raises a clip's frame rate after it was made. Its length, its sound and its statistics stay as they are."""

    __slots__ = ()

    def interpolated(self, clip: Clip, factor: int, control: JobControl) -> AbstractContextManager[Clip]:
        """`clip` with `factor` times as many frames a second, in the same pixel format. `factor` is 2 or more.

        Frame k * factor is frame k of `clip`, bit for bit; the frames between two of them lead from one to the other.
        After the last one come factor - 1 more that repeat it. The same clip gives the same bytes.

        Its chunks are taken from those of `clip` as they are asked for: of the clip, a few frames are held at a time,
        however long it is. They are of use until the context is left, which gives everything back; `clip` stays the
        caller's. `control.check()` is called at least once a chunk.

        Raises (from `Clip.chunks`):
            EncodeFailed: a chunk is no whole number of frames, or the frames cannot be made.
            Cancelled, DeadlineExceeded: from `control.check()`.
            What `clip.chunks` raises, as it is.
        """

    def check(self) -> None:
        """Whether all that it needs is there. Raises EncodeFailed."""
