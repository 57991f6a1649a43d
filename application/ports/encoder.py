"""The encoder that makes a file out of a clip."""

from pathlib import Path
from typing import Protocol

from application.job_control import JobControl
from domain.clip import Clip
from domain.geometry import ClipGeometry
from domain.results import EncodedVideo


class Encoder(Protocol):
    """Writes clips as MP4: H.264, 4:2:0, BT.709 in all four tags, AAC, `moov` first, exact frame rate."""

    __slots__ = ()

    def encode(self, clip: Clip, target: Path, control: JobControl) -> None:
        """Write `clip` to `target`, taking each chunk once.

        Sound is cut, or padded with silence, to the picture's length. `control.check()` is called at least
        once a chunk; the stage "encode" is reported in frames.

        What `clip.chunks` raises passes through as it is.

        Raises:
            EncodeFailed: the clip is not what it says (frame count, buffer sizes), or the codec gave up.
            DiskFull: `target`'s disk has no room.
            Cancelled, DeadlineExceeded: from `control.check()`.
        """

    def verify(self, target: Path, geometry: ClipGeometry, *, audio: bool) -> EncodedVideo:
        """Open the finished file as a player would and compare it with what it should be.

        Every picture is decoded; size, frame count, rate, colour tags, faststart and the sound's length are
        compared with `geometry`.

        Raises:
            EncodeFailed: it differs; the message says how.
        """

    def check(self) -> None:
        """Whether the codecs are there. Raises EncodeFailed."""
