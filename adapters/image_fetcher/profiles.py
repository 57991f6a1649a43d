"""Which ICC profiles may reach littleCMS (ICC.1:2022, section 7)."""

import struct
from typing import Final

_TAG_TABLE: Final = 128
_TAG: Final = struct.Struct(">4sII")
_MAX_TAGS: Final = 100  # littleCMS reads no more
_ENDLESS: Final = b"mpet"

_MAX_BYTES: Final = 4 << 20
"""Printers' profiles have 0.5 to 3 MB, those of cameras and displays a few kilobytes."""


def is_harmless(profile: bytes) -> bool:
    """Whether what littleCMS does for `profile` is bounded by its size, and that by 4 MiB.

    Not so with "multi process elements": their table may name one element any number of times, and littleCMS 2.19
    goes through all of them for each of 36,000 colours. 80 KB took 17 seconds (measured), and a JPEG has room for
    16 MB. No camera, scanner or display writes them.
    """
    if len(profile) > _MAX_BYTES or len(profile) < _TAG_TABLE + 4:
        return False
    (count,) = struct.unpack_from(">I", profile, _TAG_TABLE)
    end = _TAG_TABLE + 4 + count * _TAG.size
    if count > _MAX_TAGS or end > len(profile):
        return False
    tags = _TAG.iter_unpack(profile[_TAG_TABLE + 4 : end])
    return all(profile[start : start + 4] != _ENDLESS for _, start, _ in tags)
