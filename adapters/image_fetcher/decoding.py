"""Bytes from strangers to a picture. Each format has its one decoder, chosen by the first bytes."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Final

from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from adapters.http.faults import at_field
from adapters.image_fetcher.colours import to_srgb
from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.jpeg_file import read_jpeg
from adapters.image_fetcher.orientation import upright
from adapters.image_fetcher.picture_file import Damaged, Excessive, PictureFile
from adapters.image_fetcher.png_file import read_png
from adapters.image_fetcher.webp_file import read_webp
from domain.clip import Picture
from domain.errors import InputRefused, InputUnreadable
from domain.geometry import Resolution
from domain.media import sniff_picture

_READERS: Final[dict[str, Callable[[bytes], PictureFile]]] = {"JPEG": read_jpeg, "PNG": read_png, "WEBP": read_webp}
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

_BROKEN: Final = (
    OSError,  # also UnidentifiedImageError and "image file is truncated"
    SyntaxError,  # what plugins raise for a header they do not like
    ValueError,  # also Damaged
    EOFError,
    struct.error,
    zlib.error,
)
"""What our readers and Pillow's decoders raise for damaged files: seen in fuzzing, or named in their source. Not
MemoryError: the sandbox says what a file means that takes too much."""


def decode_picture(data: bytes, path: str, limits: ImageLimits) -> Picture:
    """The first frame in `data`: a whole JPEG, PNG or WebP. Upright, alpha on white, sRGB; the rest is dropped.

    The buffer is new, and read-only.

    Raises:
        InputRefused: a format that is not taken, or more pixels than `limits`.
        InputUnreadable: no picture, or a damaged one.
    """
    kind = _kind(data, path)
    try:
        file = _READERS[kind](data)
        _check_size(file.size, path, limits)
        with _DECODERS[kind](io.BytesIO(file.data)) as image:
            if image.size != file.size:  # what was checked is what is decoded, should the two ever read differently
                raise Damaged(found="two sizes")
            image.load()
            picture = to_srgb(upright(image, file.exif))
            return Picture(Resolution(*picture.size), memoryview(picture.tobytes()))
    except Excessive as exc:
        raise at_field(InputRefused, path, exc.message) from exc
    except _BROKEN as exc:
        raise at_field(InputUnreadable, path, "is damaged: it cannot be decoded as a picture") from exc


def _kind(data: bytes, path: str) -> str:
    name = sniff_picture(data[:_HEAD_BYTES])
    if name is not None:
        return name
    for offset, magic, other in _OTHER_FORMATS:
        if data.startswith(magic, offset):
            raise at_field(InputRefused, path, f"must be a JPEG, PNG or WebP picture, got {other}")
    raise at_field(InputUnreadable, path, "must be a JPEG, PNG or WebP picture")


def _check_size(size: tuple[int, int], path: str, limits: ImageLimits) -> None:
    width, height = size
    if max(size) > limits.max_side or width * height > limits.max_pixels:
        message = f"must have at most {limits.max_pixels} pixels and no side over {limits.max_side}"
        raise at_field(InputRefused, path, message)
