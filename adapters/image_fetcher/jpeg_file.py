"""A JPEG by its segments (ITU-T T.81, annex B)."""

import re
import struct
from collections.abc import Iterator
from typing import Final

import attrs

from adapters.image_fetcher.picture_file import Damaged, Excessive, PictureFile

_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""The next marker: past escaped bytes of pixels (FF00), restarts, fill bytes, and junk between segments."""

_EOI: Final = 0xD9
_SOS: Final = 0xDA
_APP1: Final = 0xE1
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_OTHER_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF, 0xDE})
"""Lossless and hierarchical ones: no camera and no browser knows them."""

_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD})
"""Huffman and arithmetic codes, quantisation, restart interval."""

_NEEDED: Final = {0xE0: (b"JFIF\x00", 14), 0xE2: (b"ICC_PROFILE\x00", 14), 0xEE: (b"Adobe", 12)}
"""Application segments that say what the colours mean: how they begin, and the least they have."""

_EXIF: Final = b"Exif\x00\x00"

MAX_SCANS: Final = 64
"""Encoders write 10, optimisers below 30. Each goes over all pixels, however few bytes it has: 20 MB of them would
keep the decoder busy for two hours (measured: 28 ms for 16 bytes at 40 megapixels)."""

MAX_SEGMENTS: Final = 4_096
"""A profile may take 255, an EXIF block in pieces some hundred."""


@attrs.define
class _Walk:
    """What has been seen of one file."""

    size: tuple[int, int] | None = None
    scans: int = 0
    first_scan: int = 0
    kept: list[memoryview] = attrs.field(factory=list)
    exif: bytes = b""

    def take(self, marker: int, segment: memoryview, start: int) -> None:
        """Keep the whole `segment` before the first scan if the picture needs it."""
        body = segment[4:]
        if marker == _SOS:
            self._scan(start)
        elif marker in _FRAMES:
            if self.size is not None:
                raise Damaged(found="two frame headers")
            height, width = struct.unpack_from(">xHH", body)
            self.size = (width, height)
        elif marker in _OTHER_FRAMES:
            raise Damaged(found="an unknown process")
        elif marker == _APP1 and not self.exif and bytes(body[: len(_EXIF)]) == _EXIF:
            self.exif = bytes(body[len(_EXIF) :])
        if not self.scans and (marker in _FRAMES | _TABLES or _is_needed(marker, body)):
            self.kept.append(segment)

    def _scan(self, start: int) -> None:
        if self.size is None:
            raise Damaged(found="no frame header")
        self.scans += 1
        self.first_scan = self.first_scan or start
        if self.scans > MAX_SCANS:
            raise Excessive(limit=MAX_SCANS, parts="scans")


def read_jpeg(data: bytes) -> PictureFile:
    """The first picture in `data`, up to its end marker, without segments that it does not need.

    Raises:
        Damaged: no end marker, a broken or missing segment, or a process other than baseline and progressive.
        Excessive: more than `MAX_SCANS` or `MAX_SEGMENTS`.
        struct.error: a frame header without a size.
    """
    view = memoryview(data)
    walk = _Walk()
    for count, (marker, start, end) in enumerate(_segments(data)):
        if count == MAX_SEGMENTS:
            raise Excessive(limit=MAX_SEGMENTS, parts="segments")
        if marker == _EOI:
            if walk.size is None or not walk.scans:
                raise Damaged(found="no picture")
            walk.kept.append(view[walk.first_scan : end])
            return PictureFile(size=walk.size, data=b"\xff\xd8" + b"".join(walk.kept), exif=walk.exif)
        walk.take(marker, view[start:end], start)
    raise Damaged(found="an early end")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of what follows the start of the picture; the pixels of a scan belong to none."""
    end = 2
    while (found := _MARKER.search(data, end)) is not None:
        start = found.start()
        marker = data[start + 1]
        end = start + 2
        if marker != _EOI:
            length = int.from_bytes(data[end : end + 2])
            end += length
            if length < 2 or end > len(data):  # noqa: PLR2004 - a length counts itself
                raise Damaged(found="a broken segment")
        yield marker, start, end


def _is_needed(marker: int, body: memoryview) -> bool:
    begin, least = _NEEDED.get(marker, (b"", 0))
    return bool(begin) and len(body) >= least and bytes(body[: len(begin)]) == begin
