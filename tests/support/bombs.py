"""Compressed data that is much larger than it looks, made without compressing all of it."""

import zlib
from functools import cache

MIB = 1 << 20


@cache
def zeros(mebibytes: int) -> bytes:
    """A zlib stream of so many mebibytes of zeros, a kilobyte each; it has no end, which no decoder gets to."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (mebibytes - 1)
