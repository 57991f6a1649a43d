"""What a container must bring to be written: one module each, one row in `rows.py`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import attrs

from adapters.encoder.config import EncoderConfig
from adapters.encoder.target_file import TargetFile
from domain.clip import Clip
from domain.geometry import ClipGeometry
from domain.media import OutputFormat


class ClipWriter(Protocol):
    """Takes the frames of one clip and leaves a finished file. Raises the libraries' errors and OSError."""

    def add(self, frame: memoryview) -> None:
        """Take the next frame; `frame` is not needed after the call."""

    def finish(self, check: Callable[[], None]) -> None:
        """Write the rest. Where that takes long, `check` is called in between; it may raise."""

    def abandon(self) -> None:
        """Give everything back after a failure, without another exception. The file is removed by the caller."""


@attrs.frozen(kw_only=True)
class Examined:
    """What was found in a file: the sound, and every difference from what should be there."""

    faults: Sequence[str]
    audio_rate: int | None = None
    audio_channels: int | None = None


@attrs.frozen(kw_only=True)
class WrittenFormat:
    """One container.

    `open` begins a file; it raises EncodeFailed for a clip that the container cannot hold. `examine` reads one
    back, decoding all of it; `audio` says whether there must be sound. `check` opens the codecs.
    """

    output_format: OutputFormat
    open: Callable[[Clip, TargetFile, EncoderConfig], ClipWriter]
    examine: Callable[[Path, ClipGeometry, bool], Examined]
    check: Callable[[EncoderConfig], None]
