"""Room on the disk that the jobs' files are written to."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from domain.errors import DiskFull

_NEEDED_BYTES: Final = 1 << 30
"""Twenty seconds of 1080p at CRF 18 take up to 100 MB; a gibibyte leaves room for noise and a second copy."""


def check_disk(root: Path | None) -> str:
    """One line on the room below `root` (None: the system's temporary folder). Raises DiskFull below 1 GiB."""
    free = shutil.disk_usage(root or tempfile.gettempdir()).free
    if free < _NEEDED_BYTES:
        message = f"The disk for the jobs' files has {free / 2**20:.0f} MiB left, 1024 MiB are needed"
        raise DiskFull(message)
    return f"{free / 2**30:.1f} GiB free for the jobs' files"
