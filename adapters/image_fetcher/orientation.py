"""Which way is up, by the EXIF block (EXIF 3.0, section 4.6.5; TIFF 6.0, section 2)."""

import struct
from typing import Final

from PIL import Image

_TURNS: Final[dict[int, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientations and what undoes them; Pillow's rotations are counter-clockwise."""

_BYTE_ORDERS: Final = {b"II*\x00": "<", b"MM\x00*": ">"}
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3
_ENTRY_BYTES: Final = 12


def upright(image: Image.Image, exif: bytes) -> Image.Image:
    """`image` turned and flipped as `exif` says. A block that cannot be read is ignored, as browsers do.

    Read here and not by Pillow, which reads all tags, follows their offsets, and warns about what it does not like:
    the filters for warnings belong to the whole process.
    """
    method = _TURNS.get(orientation(exif))
    return image if method is None else image.transpose(method)


def orientation(exif: bytes) -> int:
    """The orientation in the first directory of `exif`, a TIFF header and what follows; 1 if there is none."""
    order = _BYTE_ORDERS.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        for index in range(count):
            entry = struct.unpack_from(f"{order}HHIH", exif, directory + 2 + index * _ENTRY_BYTES)
            if entry[:3] == (_ORIENTATION, _SHORT, 1):
                return int(entry[3])
    except struct.error:
        """The block ends before its directory does."""
    return 1
