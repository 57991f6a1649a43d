"""Bytes from strangers to a picture. Each format has its one decoder, chosen by the first bytes."""

import io
import struct
import zlib
from typing import Final

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from adapters.http.faults import at_field
from adapters.image_fetcher.colours import to_srgb
from adapters.image_fetcher.config import ImageLimits
from domain.clip import Picture
from domain.errors import InputRefused, InputUnreadable
from domain.geometry import Resolution
from domain.media import sniff_picture

_DECODERS: Final[dict[str, type[ImageFile]]] = {"JPEG": JpegImageFile, "PNG": PngImageFile, "WEBP": WebPImageFile}
"""Opened directly, not by `Image.open`: that warns about a large picture before we can look at its size (the filters
for warnings belong to the whole process), and makes a multi-picture file of a JPEG that says so."""

_HEAD_BYTES: Final = 12
_OTHER_FORMATS: Final = (
    (0, b"GIF8", "a GIF"),
    (0, b"II*\x00", "a TIFF"),
    (0, b"MM\x00*", "a TIFF"),
    (0, b"BM", "a BMP"),
    (0, b"8BPS", "a PSD"),
    (0, b"\x00\x00\x00\x0cjP", "a JPEG 2000"),
    (4, b"ftypavif", "an AVIF"),
    (4, b"ftyphei", "a HEIC"),
)
"""(offset, first bytes, name) of pictures that are no damaged ones but of a format that is not taken: their decoders
had the holes (libtiff, JPEG 2000, PSD), or the wheels may lack them."""

_TURNS: Final[dict[object, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientations and what undoes them; Pillow's rotations are counter-clockwise."""

_BROKEN: Final = (
    OSError,  # also UnidentifiedImageError and "image file is truncated"
    SyntaxError,  # what plugins raise for a header they do not like
    ValueError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise for damaged files: seen in fuzzing, or named in its source."""


def decode_picture(data: bytes, path: str, limits: ImageLimits) -> Picture:
    """The first frame in `data`: a whole JPEG, PNG or WebP. Upright, alpha on white, sRGB; the rest is dropped.

    The buffer is new, and read-only.

    Raises:
        InputRefused: a format that is not taken, or more pixels than `limits`.
        InputUnreadable: no picture, or a damaged one.
    """
    decoder = _decoder(data, path)
    try:
        with decoder(io.BytesIO(data)) as image:
            _check_size(image.size, path, limits)
            image.load()
            picture = to_srgb(_upright(image))
            return Picture(Resolution(*picture.size), memoryview(picture.tobytes()))
    except Image.DecompressionBombError as exc:  # WebP's plugin counts the pixels itself
        raise _too_large(path, limits) from exc
    except _BROKEN as exc:
        raise at_field(InputUnreadable, path, "is damaged: it cannot be decoded as a picture") from exc


def _decoder(data: bytes, path: str) -> type[ImageFile]:
    name = sniff_picture(data[:_HEAD_BYTES])
    if name is not None:
        return _DECODERS[name]
    for offset, magic, other in _OTHER_FORMATS:
        if data.startswith(magic, offset):
            raise at_field(InputRefused, path, f"must be a JPEG, PNG or WebP picture, got {other}")
    raise at_field(InputUnreadable, path, "must be a JPEG, PNG or WebP picture")


def _check_size(size: tuple[int, int], path: str, limits: ImageLimits) -> None:
    width, height = size
    if max(size) > limits.max_side or width * height > limits.max_pixels:
        raise _too_large(path, limits)


def _too_large(path: str, limits: ImageLimits) -> InputRefused:
    message = f"must have at most {limits.max_pixels} pixels and no side over {limits.max_side}"
    return at_field(InputRefused, path, message)


def _upright(image: Image.Image) -> Image.Image:
    """`image` turned and flipped as its EXIF says. An EXIF block that cannot be read is ignored, as browsers do.

    Not `ImageOps.exif_transpose`: it also rewrites the block, and fails with TypeError, AttributeError, KeyError and
    others on tags that it cannot write, however well it read the orientation.
    """
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _BROKEN:
        return image
    method = _TURNS.get(orientation)
    return image if method is None else image.transpose(method)
