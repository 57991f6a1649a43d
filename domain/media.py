"""Media types that the worker reads and writes, and how their files begin."""

from typing import Final

import attrs


@attrs.frozen
class OutputFormat:
    """A container that the encoder writes: the value of `output_format`."""

    name: str
    suffix: str
    content_type: str


MP4: Final = OutputFormat(name="mp4", suffix=".mp4", content_type="video/mp4")

OUTPUT_FORMATS: Final = {output_format.name: output_format for output_format in (MP4,)}


def sniff_picture(head: bytes) -> str | None:
    """The picture format by its first bytes ("JPEG", "PNG", "WEBP"), or None.

    `head` needs 12 bytes. A header or a file name is only a claim; these bytes are what decoders go by.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return None
