"""Every mode becomes opaque 8-bit sRGB."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoding import decode_picture
from tests.support.icc import display_p3, grey_profile
from tests.support.pictures import BLUE, RED, encoded, png_chunk, two_halves


def pixels(data: bytes) -> list[tuple[int, ...]]:
    flat = decode_picture(data, "image_url", ImageLimits()).pixels.tobytes()
    return list(zip(flat[::3], flat[1::3], flat[2::3], strict=True))


def row(mode: str, *values: object) -> Image.Image:
    """A picture of one row."""
    image = Image.new(mode, (len(values), 1))
    for x, value in enumerate(values):
        image.putpixel((x, 0), value)  # type: ignore[arg-type]  # a pixel of that mode
    return image


def png(depth: int, colour_type: int, line: bytes, width: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of one row that Pillow cannot write."""
    header = struct.pack(">IIBBBBB", width, 1, depth, colour_type, 0, 0, 0)
    parts = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"\x00" + line)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, data) for kind, data in parts)


GREYS = [(0, 0, 0), (128, 128, 128), (255, 255, 255)]


def test_grey() -> None:
    assert pixels(encoded(row("L", 0, 128, 255))) == GREYS


def test_black_and_white() -> None:
    assert pixels(encoded(row("1", 0, 255))) == [GREYS[0], GREYS[2]]


def test_grey_of_16_bits_is_scaled_not_clipped() -> None:
    assert pixels(encoded(row("I;16", 0, 0x80FF, 0xFFFF))) == GREYS


def test_colour_of_16_bits() -> None:
    assert pixels(png(16, 2, struct.pack(">6H", 0x80FF, 0, 0xFFFF, 0, 0x40FF, 0), 2)) == [(128, 0, 255), (0, 64, 0)]


def test_a_palette() -> None:
    assert pixels(encoded(two_halves(2, 1).quantize(2))) == [RED, BLUE]


def test_transparency_lies_on_white() -> None:
    image = row("RGBA", (255, 0, 0, 255), (0, 0, 0, 0), (0, 0, 0, 51))
    assert pixels(encoded(image)) == [RED, (255, 255, 255), (204, 204, 204)]
    assert pixels(encoded(image, "WEBP", lossless=True, exact=True)) == [RED, (255, 255, 255), (204, 204, 204)]


def test_transparent_grey_lies_on_white() -> None:
    assert pixels(encoded(row("LA", (0, 255), (0, 0)))) == [(0, 0, 0), (255, 255, 255)]


def test_a_transparent_palette_entry_is_white() -> None:
    assert pixels(encoded(row("P", 0, 1), transparency=b"\x00\xff"))[0] == (255, 255, 255)


@pytest.mark.parametrize(
    ("depth", "colour_type", "line", "transparent"),
    [
        (8, 0, b"\x00\x10", b"\x00\x00"),
        (8, 2, b"\x00\x00\x00\x10\x10\x10", b"\x00" * 6),
        (1, 0, b"\x40", b"\x00\x00"),
    ],
)
def test_a_colour_that_stands_for_transparent_is_white(
    depth: int, colour_type: int, line: bytes, transparent: bytes
) -> None:
    first, second = pixels(png(depth, colour_type, line, 2, (b"tRNS", transparent)))
    assert first == (255, 255, 255)
    assert second == ((255, 255, 255) if depth == 1 else (16, 16, 16))


def test_cmyk() -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    red, green, blue = pixels(encoded(image, "JPEG", quality=95))[0]
    assert red > 245
    assert max(green, blue) < 10


P3_PIXEL = (200, 100, 100)
P3_IN_SRGB = (215, 93, 97)
"""By hand: linearise, times the published matrix from Display P3 to sRGB, encode: 214.9, 92.6, 96.6."""


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_profile_is_converted_to_srgb(mode: str) -> None:
    colour = P3_PIXEL if mode == "RGB" else (*P3_PIXEL, 255)
    data = encoded(row(mode, colour), icc_profile=display_p3())
    assert all(abs(a - b) <= 1 for a, b in zip(pixels(data)[0], P3_IN_SRGB, strict=True)), pixels(data)


def test_a_turned_picture_keeps_its_profile_and_its_transparency() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    image = row("P", 0, 1)
    image.putpalette([*P3_PIXEL, 0, 0, 0])
    data = encoded(image, exif=exif, icc_profile=display_p3(), transparency=b"\xff\x00")
    white, colour = pixels(data)
    assert white == (255, 255, 255)
    assert all(abs(a - b) <= 1 for a, b in zip(colour, P3_IN_SRGB, strict=True)), colour


def test_grey_stays_grey_under_any_profile_of_colour() -> None:
    data = encoded(row("RGB", (0, 0, 0), (128, 128, 128), (255, 255, 255)), icc_profile=display_p3())
    assert pixels(data) == GREYS


def test_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(row("RGB", P3_PIXEL), icc_profile=profile)
    assert pixels(data) == [P3_PIXEL]


def test_a_grey_profile_is_applied_to_grey() -> None:
    linear = _linear_grey()
    assert pixels(encoded(row("L", 0, 55, 255), icc_profile=linear))[1][0] in range(126, 131)  # 55/255 is mid-grey


@pytest.mark.parametrize("profile", [b"no profile", display_p3()[:200], grey_profile(), b"\x00" * 500])
def test_a_profile_that_does_not_fit_is_dropped(profile: bytes) -> None:
    assert pixels(encoded(row("RGB", P3_PIXEL), icc_profile=profile)) == [P3_PIXEL]


def test_a_colour_profile_on_cmyk_is_dropped() -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, icc_profile=display_p3())
    assert pixels(buffer.getvalue())[0][0] > 245


def _linear_grey() -> bytes:
    """An ICC profile for grey with a linear curve."""
    white = b"XYZ \x00\x00\x00\x00" + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv\x00\x00\x00\x00" + struct.pack(">I", 0)
    start = 128 + 4 + 2 * 12
    tags = struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", start, 20)
    tags += struct.pack(">4sII", b"kTRC", start + 20, 12)
    body = tags + white + curve
    header = struct.pack(">I4s4s4s4s4s12s4s", 128 + len(body), b"", b"\x02\x40\x00\x00", b"mntr", b"GRAY", b"XYZ ",
                         b"", b"acsp")  # fmt: skip
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\x00") + body
