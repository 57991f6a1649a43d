"""The file on disk that an encoder writes to."""

import io
from pathlib import Path

from typing_extensions import override


class TargetFile(io.FileIO):
    """The file on disk, opened by us: when the header cannot be written, PyAV 18.1 never closes the one it opened.

    A short write would go unnoticed (FFmpeg counts the whole buffer as written), so `write` writes all of it.
    Unbuffered, because `+faststart` reads the file back under its name while it is still open.
    """

    def __init__(self, target: Path) -> None:
        super().__init__(str(target.absolute()), "w")  # a name without a scheme, for FFmpeg opens it as a URL
        self.folder = target.absolute().parent

    @override
    def write(self, buffer: bytes) -> int:  # type: ignore[override]  # PyAV, zipfile and wave hand in nothing but bytes
        left = memoryview(buffer)
        while left:
            left = left[super().write(left) :]
        return len(buffer)
