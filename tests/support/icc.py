"""ICC profiles made by code: littleCMS's sRGB with other primaries."""

import struct

from PIL import ImageCms

_TAG_TABLE = 128
_XYZ_HEADER = 8

DISPLAY_P3 = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}
"""Display P3's colourants, adapted to D50. Its transfer curve is sRGB's."""


def display_p3() -> bytes:
    profile = bytearray(_srgb())
    for tag, offset in _tag_offsets(bytes(profile)).items():
        if tag in DISPLAY_P3:
            fixed = (round(value * 65536) for value in DISPLAY_P3[tag])
            struct.pack_into(">3i", profile, offset + _XYZ_HEADER, *fixed)
    return bytes(profile)


def grey_profile() -> bytes:
    """sRGB that claims to be a profile for grey."""
    return _srgb().replace(b"RGB ", b"GRAY", 1)


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _tag_offsets(profile: bytes) -> dict[bytes, int]:
    (count,) = struct.unpack_from(">I", profile, _TAG_TABLE)
    entries = (struct.unpack_from(">4sII", profile, _TAG_TABLE + 4 + 12 * index) for index in range(count))
    return {tag: offset for tag, offset, _ in entries}
