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


def lab_profile() -> bytes:
    """A profile of Lab, which is no picture's."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def endless_profile(elements: int) -> bytes:
    """A profile for RGB whose colours go through two elements, a matrix and a curve, again and again."""
    matrix = b"matf" + struct.pack(">4xHH12f", 3, 3, 1.01, 0.01, 0, 0, 1.01, 0, 0, 0, 0.99, 0, 0, 0)
    curve = b"curf" + struct.pack(">4xHH", 1, 0) + b"parf" + struct.pack(">4xHH4f", 0, 0, 1.01, 1, 0, 0)
    curves = b"cvst" + struct.pack(">4xHH6I", 3, 3, *(36, len(curve)) * 3) + curve
    start = 16 + 8 * elements
    places = ((start, len(matrix)), (start + len(matrix), len(curves)))
    table = b"".join(struct.pack(">II", *places[index % 2]) for index in range(elements))
    return _profile(b"D2B1", b"mpet" + struct.pack(">4xHHI", 3, 3, elements) + table + matrix + curves)


def _profile(tag: bytes, body: bytes) -> bytes:
    """A profile of version 4.3 from RGB to XYZ with one tag."""
    start = _TAG_TABLE + 4 + 12
    white = struct.pack(">3i", 63190, 65536, 54061)
    header = (
        struct.pack(">I4xI4s4s4s12x4s28x", start + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp") + white
    )
    return header.ljust(_TAG_TABLE, b"\x00") + struct.pack(">I4sII", 1, tag, start, len(body)) + body


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _tag_offsets(profile: bytes) -> dict[bytes, int]:
    (count,) = struct.unpack_from(">I", profile, _TAG_TABLE)
    entries = (struct.unpack_from(">4sII", profile, _TAG_TABLE + 4 + 12 * index) for index in range(count))
    return {tag: offset for tag, offset, _ in entries}
