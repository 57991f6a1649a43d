"""Media types that the worker reads and writes, and how their files begin."""

from typing import Final

import attrs


@attrs.frozen
class OutputFormat:
    """A container that the encoder writes: the value of `output_format`.

    Its fields are part of what makes two jobs the same (`domain.record`): what is derived stands in properties.
    """

    name: str
    suffix: str
    content_type: str

    @property
    def has_picture(self) -> bool:
        """Whether a file shows the clip's frames."""
        return not self.content_type.startswith("audio/")

    @property
    def has_sound(self) -> bool:
        """Whether a file can hold the clip's sound."""
        return not self.content_type.startswith("image/")

    @property
    def halves_chroma(self) -> bool:
        """Whether a file keeps colours at half the width and height (4:2:0)."""
        return self.content_type.startswith("video/")


MP4: Final = OutputFormat(name="mp4", suffix=".mp4", content_type="video/mp4")
WEBM: Final = OutputFormat(name="webm", suffix=".webm", content_type="video/webm")
GIF: Final = OutputFormat(name="gif", suffix=".gif", content_type="image/gif")
PNG_SEQUENCE: Final = OutputFormat(name="png_sequence", suffix=".zip", content_type="application/zip")
WAV: Final = OutputFormat(name="wav", suffix=".wav", content_type="audio/wav")

OUTPUT_FORMATS: Final = {output_format.name: output_format for output_format in (MP4, WEBM, GIF, PNG_SEQUENCE, WAV)}

POSTER_SUFFIX: Final = ".jpg"
POSTER_CONTENT_TYPE: Final = "image/jpeg"

MAX_GIF_FPS: Final = 50
"""A GIF counts in hundredths of a second, and players take a delay of 1 for a mistake: they show it as 10."""


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
