"""Whether a finished file is what was asked for."""

import hashlib
from pathlib import Path

from adapters.encoder.failures import vendor_failures
from adapters.encoder.formats import WrittenFormat
from domain.errors import EncodeFailed
from domain.geometry import ClipGeometry
from domain.results import EncodedVideo


def verified(target: Path, geometry: ClipGeometry, written: WrittenFormat, *, audio: bool) -> EncodedVideo:
    """Read `target` back and describe it. `audio`: whether the clip has sound.

    Raises:
        EncodeFailed: it cannot be decoded, or differs from `geometry`; the message lists every difference.
    """
    output_format = written.output_format
    with vendor_failures("The written video cannot be read back"):
        found = written.examine(target, geometry, audio and output_format.has_sound)
        if found.faults:
            message = f"The written video is not what it should be: {'; '.join(found.faults)}"
            raise EncodeFailed(message)
        size, sha256 = described(target)
        return EncodedVideo(
            content_type=output_format.content_type,
            size=size,
            sha256=sha256,
            audio_rate=found.audio_rate,
            audio_channels=found.audio_channels,
        )


def described(target: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file. Raises OSError."""
    with target.open("rb") as file:
        return target.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
