"""A PNG by its chunks (PNG specification, third edition, sections 5 and 11)."""

import struct
import zlib
from typing import Final

import attrs

from adapters.image_fetcher.picture_file import Damaged, Excessive, PictureFile

_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_HEAD: Final = struct.Struct(">I4s")
_HEADER_BYTES: Final = 13
_INDEXED: Final = 3  # the colour type with a palette
_MAX_PALETTE_BYTES: Final = 3 * 256
_MAX_PROFILE_BYTES: Final = 1 << 20
"""Of an inflated profile: Pillow refuses the picture for a larger one. Those of RGB have a few kilobytes."""

MAX_CHUNKS: Final = 65_536
"""20 MB in pieces of 320 bytes; libpng writes 8 KB."""

_ORDER: Final = {b"IHDR": 0, b"iCCP": 1, b"PLTE": 2, b"tRNS": 3, b"IDAT": 4, b"IEND": 5}
"""What is kept, and in which order it must come."""


@attrs.define
class _Walk:
    """What has been seen of one file."""

    size: tuple[int, int] = (0, 0)
    colour_type: int = 0
    kept: list[memoryview] = attrs.field(factory=list)
    last: bytes = b""
    exif: bytes = b""

    def take(self, kind: bytes, chunk: memoryview) -> None:
        """Keep the whole `chunk` if the picture needs it, or throw it away."""
        body = chunk[8:-4]
        if kind == b"eXIf":
            self.exif = self.exif or bytes(body)
        if kind not in _ORDER:
            if kind[:1].isupper():
                raise Damaged(found="an unknown chunk that the picture needs")
            return
        if kind == b"iCCP" and (self.last != b"IHDR" or not _inflates(bytes(body))):
            return
        if kind == b"tRNS" and self.last == b"IDAT":
            return
        self._check(kind, chunk, body)
        self.kept.append(chunk)
        self.last = kind

    def _check(self, kind: bytes, chunk: memoryview, body: memoryview) -> None:
        if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise Damaged(found="a wrong checksum")
        if not self.last:
            self._start(kind, body)
            return
        rank, before = _ORDER[kind], _ORDER[self.last]
        if rank < before or (rank == before and kind != b"IDAT"):
            raise Damaged(found="chunks in the wrong order")
        if kind == b"PLTE" and (not body or len(body) % 3 or len(body) > _MAX_PALETTE_BYTES):
            raise Damaged(found="no palette")
        if kind == b"IDAT" and self.colour_type == _INDEXED and self.last not in {b"PLTE", b"tRNS", b"IDAT"}:
            raise Damaged(found="no palette")

    def _start(self, kind: bytes, body: memoryview) -> None:
        if kind != b"IHDR" or len(body) != _HEADER_BYTES:
            raise Damaged(found="no header")
        width, height, _, self.colour_type = struct.unpack_from(">IIBB", body)
        self.size = (width, height)


def read_png(data: bytes) -> PictureFile:
    """`data` without chunks that its picture does not need. Checksums are checked, of pixels too.

    Raises:
        Damaged: a broken, missing or misplaced chunk.
        Excessive: more than `MAX_CHUNKS`.
        struct.error: the end comes within a chunk's head.
    """
    view = memoryview(data)
    walk = _Walk()
    start = len(_MAGIC)
    for _ in range(MAX_CHUNKS):
        length, kind = _HEAD.unpack_from(view, start)
        end = start + _HEAD.size + length + 4
        if end > len(view):
            raise Damaged(found="an early end")
        walk.take(kind, view[start:end])
        if kind == b"IEND":
            if b"IDAT" not in {bytes(chunk[4:8]) for chunk in walk.kept[-2:]}:
                raise Damaged(found="no pixels")
            return PictureFile(size=walk.size, data=b"".join((_MAGIC, *walk.kept)), exif=walk.exif)
        start = end
    raise Excessive(limit=MAX_CHUNKS, parts="chunks")


def _inflates(body: bytes) -> bool:
    """Whether Pillow will get a profile out of this chunk; one that is broken or a bomb is dropped."""
    name, _, packed = body.partition(b"\x00")
    if not name or packed[:1] != b"\x00":
        return False
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(packed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return not inflater.unconsumed_tail
