"""A WebP by its chunks (RFC 9649)."""

import struct
from collections.abc import Iterator
from typing import Final

from adapters.image_fetcher.picture_file import Damaged, Excessive, PictureFile

_RIFF_HEAD: Final = 12
_CHUNK_HEAD: Final = struct.Struct("<4sI")
_METADATA_FLAGS: Final = 0b0000_1100  # EXIF, XMP
_LOSSY: Final = b"VP8 "
_LOSSLESS: Final = b"VP8L"
_EXTENDED: Final = b"VP8X"
_EXTENDED_BYTES: Final = 10
_FRAME: Final = b"ANMF"
_PIXELS: Final = frozenset({_LOSSY, _LOSSLESS, _FRAME})
_KEPT: Final = frozenset({b"ICCP", b"ANIM", b"ALPH"}) | _PIXELS
_START_CODE: Final = b"\x9d\x01\x2a"
_SIDE: Final = 0x3FFF

MAX_CHUNKS: Final = 65_536
"""An animation has one for each frame."""


def read_webp(data: bytes) -> PictureFile:
    """`data` with its first frame only, and without chunks that it does not need.

    Raises:
        Damaged: a broken or missing chunk.
        Excessive: more than `MAX_CHUNKS`.
        struct.error: the end comes within a head.
    """
    chunks = _chunks(data)
    kind, first = next(chunks, (b"", memoryview(b"")))
    size = _size(kind, first)
    if kind != _EXTENDED:
        return PictureFile(size=size, data=_riff([first]))
    kept = [memoryview(_without_metadata(first))]
    exif = b""
    done = False
    for name, chunk in chunks:
        if name == b"EXIF":
            exif = exif or bytes(chunk[_CHUNK_HEAD.size :]).removeprefix(b"Exif\x00\x00")
        if name in _KEPT and not done:
            kept.append(chunk)
            done = name in _PIXELS
    return PictureFile(size=size, data=_riff(kept), exif=exif)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name and whole chunk, padding included; what follows the RIFF is not looked at."""
    (size,) = struct.unpack_from("<I", data, 4)
    view = memoryview(data)[: size + 8]
    if len(view) < size + 8:
        raise Damaged(found="an early end")
    start = _RIFF_HEAD
    for _ in range(MAX_CHUNKS):
        if start >= len(view):
            return
        name, length = _CHUNK_HEAD.unpack_from(view, start)
        end = start + _CHUNK_HEAD.size + length
        if end > len(view):
            raise Damaged(found="an early end")
        end += length % 2
        yield name, view[start:end]
        start = end
    raise Excessive(limit=MAX_CHUNKS, parts="chunks")


def _size(kind: bytes, chunk: memoryview) -> tuple[int, int]:
    body = chunk[_CHUNK_HEAD.size :]
    if kind == _EXTENDED and len(body) == _EXTENDED_BYTES:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == _LOSSY and bytes(body[3:6]) == _START_CODE:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & _SIDE, height & _SIDE
    if kind == _LOSSLESS:
        (bits,) = struct.unpack_from("<xI", body)
        return 1 + (bits & _SIDE), 1 + (bits >> 14 & _SIDE)
    raise Damaged(found="no header")


def _without_metadata(header: memoryview) -> bytes:
    """The header of an extended file that does not promise EXIF and XMP: libwebp looks for what it promises."""
    changed = bytearray(header)
    changed[_CHUNK_HEAD.size] &= ~_METADATA_FLAGS & 0xFF
    return bytes(changed)


def _riff(chunks: list[memoryview]) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    body += bytes(len(body) % 2)  # a writer that forgot the padding of the last chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body
