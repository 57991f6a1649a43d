"""Bytes to pictures: which are taken, and what becomes of them."""

import io
import random
import struct

import pytest
from PIL import Image, ImageFile

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoding import decode_picture
from domain.clip import Picture
from domain.errors import InputRefused, InputUnreadable
from domain.geometry import Resolution
from tests.support.pictures import BLUE, RED, encoded, png_of_size, two_halves

FIELD = "image_url"
ORIENTATION = 0x0112
NOISE = random.Random(7).randbytes(64 * 64 * 3)  # noqa: S311 - a picture that does not compress


def decode(data: bytes, limits: ImageLimits = ImageLimits()) -> Picture:  # noqa: B008 - frozen
    return decode_picture(data, FIELD, limits)


def as_image(picture: Picture) -> Image.Image:
    size = (picture.resolution.width, picture.resolution.height)
    assert picture.pixels.nbytes == size[0] * size[1] * 3
    return Image.frombytes("RGB", size, picture.pixels.tobytes())


def assert_close(actual: object, expected: tuple[int, int, int], tolerance: int = 6) -> None:
    assert isinstance(actual, tuple)
    assert all(abs(a - b) <= tolerance for a, b in zip(actual, expected, strict=True)), (actual, expected)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_lossless_formats_keep_every_pixel(kind: str, options: dict[str, object]) -> None:
    noise = Image.frombytes("RGB", (64, 64), NOISE)
    picture = decode(encoded(noise, kind, **options))
    assert picture.resolution == Resolution(64, 64)
    assert picture.pixels.tobytes() == NOISE


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_jpeg(options: dict[str, object]) -> None:
    image = as_image(decode(encoded(two_halves(64, 32), "JPEG", quality=95, **options)))
    assert image.size == (64, 32)
    assert_close(image.getpixel((8, 8)), RED)
    assert_close(image.getpixel((56, 24)), BLUE)


UPRIGHT = {1: None, 2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90",
           7: "TRANSVERSE", 8: "ROTATE_270"}  # fmt: skip
"""How a picture is laid into a file that carries this EXIF orientation."""


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_pictures_are_turned_upright(orientation: int) -> None:
    upright = Image.new("RGB", (48, 32), (0, 255, 0))
    upright.paste(RED, (0, 0, 24, 16))
    upright.paste(BLUE, (24, 16, 48, 32))
    method = UPRIGHT[orientation]
    laid = upright if method is None else upright.transpose(Image.Transpose[method])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = as_image(decode(encoded(laid, "JPEG", quality=95, subsampling=0, exif=exif)))
    assert image.size == (48, 32)
    assert_close(image.getpixel((4, 4)), RED)
    assert_close(image.getpixel((44, 28)), BLUE)
    assert_close(image.getpixel((44, 4)), (0, 255, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "block",
    [b"garbage!!garbage", b"II*\x00\x08\x00\x00\x00\xff\xff\x12\x01\x03\x00\x01\x00", b"MM\x00*\x00\x00\x00\x06\x00"],
)
def test_a_damaged_exif_block_is_ignored(kind: str, block: bytes) -> None:
    assert decode(encoded(two_halves(16, 8), kind, exif=b"Exif\x00\x00" + block)).resolution == Resolution(16, 8)


def test_an_orientation_beside_a_tag_that_pillow_cannot_write_counts() -> None:
    make = struct.pack(">HHII", 0x010F, 12, 1, 38)  # the camera's make as a double
    block = b"MM\x00*" + struct.pack(">IH", 8, 2) + make + struct.pack(">HHIHH", ORIENTATION, 3, 1, 6, 0)
    block += struct.pack(">Id", 0, 1.5)
    assert decode(encoded(two_halves(16, 8), exif=b"Exif\x00\x00" + block)).resolution == Resolution(8, 16)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_unknown_orientation_is_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert decode(encoded(two_halves(16, 8), exif=exif)).resolution == Resolution(16, 8)


def test_only_the_first_frame_counts() -> None:
    first, second = Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        data = encoded(first, kind, save_all=True, append_images=[second], duration=100, **options)
        assert as_image(decode(data)).getpixel((4, 4)) == RED


def test_a_jpeg_of_several_pictures_is_its_first() -> None:
    data = encoded(Image.new("RGB", (32, 32), RED), "MPO", save_all=True, append_images=[Image.new("RGB", (32, 32))])
    assert data.startswith(b"\xff\xd8\xff")
    assert_close(as_image(decode(data)).getpixel((4, 4)), RED)


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"GIF89a", "a GIF"), (b"II*\x00", "a TIFF"), (b"\x00\x00\x00\x20ftypavif", "an AVIF"), (b"BM", "a BMP")],
)
def test_other_formats_are_refused_by_name(head: bytes, name: str) -> None:
    with pytest.raises(InputRefused) as caught:
        decode(head + bytes(100))
    assert caught.value.message == f"image_url must be a JPEG, PNG or WebP picture, got {name}"


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PPM", "ICO", "TGA", "PDF", "EPS"])
def test_no_other_decoder_is_reached(kind: str) -> None:
    with pytest.raises((InputRefused, InputUnreadable)):
        decode(encoded(two_halves(16, 16), kind))


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"<html>", b"\x00" * 5000, b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_what_is_no_picture_is_unreadable(data: bytes) -> None:
    with pytest.raises(InputUnreadable) as caught:
        decode(data)
    assert caught.value.message == "image_url must be a JPEG, PNG or WebP picture"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_truncated_files_are_unreadable(kind: str, share: float) -> None:
    data = encoded(Image.frombytes("RGB", (64, 64), NOISE), kind)
    with pytest.raises(InputUnreadable) as caught:
        decode(data[: max(12, int(len(data) * share))])
    assert caught.value.message == "image_url is damaged: it cannot be decoded as a picture"
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_claimed_format_must_be_the_real_one() -> None:
    jpeg = encoded(two_halves(16, 16), "JPEG")
    with pytest.raises(InputUnreadable):
        decode(b"\x89PNG\r\n\x1a\n" + jpeg)


TOO_LARGE = "image_url must have at most 40000000 pixels and no side over 16384"


@pytest.mark.parametrize("size", [(16_385, 1), (1, 16_385), (8000, 5001), (12_000, 12_000), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_by_the_header_alone(size: tuple[int, int]) -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(InputRefused) as caught:
        decode(png_of_size(*size))
    assert caught.value.message == TOO_LARGE
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_webp_whose_decoder_counts_the_pixels_itself_is_refused_alike() -> None:
    canvas = struct.pack("<I", 16_383)[:3] * 2  # both sides, minus one
    chunks = b"VP8X" + struct.pack("<I", 10) + b"\x00" * 4 + canvas
    with pytest.raises(InputRefused) as caught:
        decode(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks)
    assert caught.value.message == TOO_LARGE


def test_the_limits_are_inclusive() -> None:
    data = encoded(two_halves(40, 20))
    assert decode(data, ImageLimits(max_pixels=800, max_side=40)).resolution == Resolution(40, 20)
    for limits in (ImageLimits(max_pixels=799), ImageLimits(max_side=39)):
        with pytest.raises(InputRefused):
            decode(data, limits)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damage_anywhere_is_a_picture_or_a_contract_failure(kind: str) -> None:
    chance = random.Random(11)  # noqa: S311 - the same damage each time
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    good = encoded(Image.frombytes("RGB", (16, 16), NOISE[:768]), kind, exif=exif, icc_profile=b"not a profile" * 20)
    outcomes: set[type] = set()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(12, len(data))] = chance.randrange(256)
        try:
            outcomes.add(type(decode(bytes(data))))
        except (InputRefused, InputUnreadable) as exc:
            outcomes.add(type(exc))
    assert {Picture, InputUnreadable} <= outcomes


def test_files_of_another_program_decode() -> None:
    buffer = io.BytesIO()
    two_halves(16, 16).quantize(2).save(buffer, "PNG", bits=1)
    assert as_image(decode(buffer.getvalue())).getpixel((0, 0)) == RED
