"""Bytes that may be a picture, through the decoder, in this process.

python -m fuzz.pictures [libFuzzer's arguments] CORPUS...

Coverage guides through our code and Pillow's Python, its plugins' headers above all. The C libraries below (zlib,
libjpeg-turbo, libwebp, littleCMS) are not instrumented: a crash in them is found, but nothing leads there.
"""

import sys
import zlib
from typing import Final

import atheris

with atheris.instrument_imports(include=["PIL", "adapters", "domain"]):
    from adapters.image_fetcher.config import ImageLimits
    from adapters.image_fetcher.decoding import decode_picture
    from domain.errors import InputRefused, InputUnreadable

LIMITS: Final = ImageLimits(max_bytes=1 << 20, max_pixels=1 << 20, max_side=4096)
"""Production's are 40 times that: a second for each input that promises much. The comparisons are the same."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK_EDGES: Final = 12
"""Bytes of a PNG chunk beside its data: length, type, checksum."""


def one_input(data: bytes) -> None:
    """Raises for a finding: whatever is not a picture within the limits or one of the two errors."""
    try:
        picture = decode_picture(data, "image_base64", LIMITS)
    except (InputRefused, InputUnreadable):
        return
    size = picture.resolution
    assert 1 <= size.pixels <= LIMITS.max_pixels, size
    assert max(size.width, size.height) <= LIMITS.max_side, size
    assert picture.pixels.nbytes == 3 * size.pixels, size


def mutate(data: bytes, max_size: int, _: int) -> bytes:
    """Other bytes; a PNG's checksums are made to fit, else nearly every change ends at the first of them."""
    changed: bytes = atheris.Mutate(data, max_size)
    return with_checksums(changed) if changed.startswith(_PNG) else changed


def with_checksums(png: bytes) -> bytes:
    """`png` with the checksum of every chunk that is whole."""
    fitted = bytearray(png)
    start = len(_PNG)
    while start + _CHUNK_EDGES <= len(fitted):
        end = start + 8 + int.from_bytes(fitted[start : start + 4], "big")
        if end + 4 > len(fitted):
            break
        fitted[end : end + 4] = zlib.crc32(fitted[start + 4 : end]).to_bytes(4, "big")
        start = end + 4
    return bytes(fitted)


def main() -> None:
    """Run until the arguments' limit, or to the first finding."""
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
