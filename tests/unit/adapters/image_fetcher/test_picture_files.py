"""What of a file its decoder gets to see, and where the limits on its parts lie."""

import struct

import pytest
from PIL import Image

from adapters.image_fetcher.jpeg_file import MAX_SCANS, MAX_SEGMENTS, read_jpeg
from adapters.image_fetcher.orientation import orientation
from adapters.image_fetcher.picture_file import Excessive
from adapters.image_fetcher.png_file import MAX_CHUNKS, read_png
from adapters.image_fetcher.profiles import is_harmless
from adapters.image_fetcher.webp_file import read_webp
from tests.security.hostile_file import halves, jpeg, webp
from tests.security.hostile_jpeg import scans, segment, with_segments
from tests.security.hostile_png import png, texts
from tests.support.icc import display_p3, endless_profile
from tests.support.pictures import encoded, png_chunk

SECRET = b"nothing of the picture"
EXIF = b"MM\x00*" + struct.pack(">IHHHIHxxI", 8, 1, 0x0112, 3, 1, 6, 0)


def test_a_png_is_left_with_its_picture_and_its_profile() -> None:
    file = read_png(encoded(halves(), icc_profile=display_p3(), exif=b"Exif\x00\x00" + EXIF, dpi=(72, 72)) + SECRET)
    kinds = [kind for kind in (b"IHDR", b"iCCP", b"pHYs", b"eXIf", b"IDAT", b"IEND") if kind in file.data]
    assert kinds == [b"IHDR", b"iCCP", b"IDAT", b"IEND"]
    assert SECRET not in file.data
    assert (file.size, file.exif) == ((16, 8), EXIF)


def test_a_jpeg_is_left_with_its_picture_and_its_profile() -> None:
    exif = b"Exif\x00\x00" + EXIF
    data = jpeg(icc_profile=display_p3(), exif=exif, comment=SECRET)
    file = read_jpeg(data + jpeg(comment=SECRET))
    assert file.data == data.replace(segment(0xE1, exif), b"").replace(segment(0xFE, SECRET), b"")
    assert (file.size, file.exif) == ((16, 8), EXIF)


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_is_left_with_its_first_frame_and_its_profile(lossless: bool) -> None:
    alone = read_webp(webp(halves(), lossless=lossless, icc_profile=display_p3()))
    file = read_webp(
        webp(halves(), lossless=lossless, icc_profile=display_p3(), exif=b"Exif\x00\x00" + EXIF, xmp=SECRET) + SECRET
    )
    assert file.data == alone.data
    assert (file.size, file.exif) == ((16, 8), EXIF)
    moving = webp(halves(), lossless=lossless, save_all=True, append_images=[Image.new("RGB", (16, 8))] * 5)
    assert read_webp(moving).data.count(b"ANMF") == 1


def test_as_many_scans_as_encoders_write_and_more() -> None:
    ours = len(jpeg(Image.new("L", (8, 8)), progressive=True).split(b"\xff\xda")) - 1
    read_jpeg(scans(MAX_SCANS - ours))
    with pytest.raises(Excessive) as caught:
        read_jpeg(scans(MAX_SCANS - ours + 1))
    assert caught.value.message == "must be made of at most 64 scans"


def test_as_many_segments_as_are_taken_and_more() -> None:
    own = 10  # JFIF, two tables, the frame, four codes, the scan, the end
    read_jpeg(with_segments(*[segment(0xFE, b"")] * (MAX_SEGMENTS - own)))
    with pytest.raises(Excessive):
        read_jpeg(with_segments(*[segment(0xFE, b"")] * (MAX_SEGMENTS - own + 1)))


def test_as_many_chunks_as_are_taken_and_more() -> None:
    read_png(png(texts(MAX_CHUNKS - 3)))
    with pytest.raises(Excessive):
        read_png(png(texts(MAX_CHUNKS - 2)))


def test_junk_and_fill_bytes_before_a_marker_are_what_cameras_write() -> None:
    assert read_jpeg(with_segments(b"\xff\xff\xff", segment(0xE5, b"x"), b"junk", b"\xff\x00")).data == jpeg()


def test_a_transparent_colour_behind_the_pixels_is_too_late() -> None:
    late = png(end=png_chunk(b"tRNS", b"\x00" * 6) + png_chunk(b"IEND", b""))
    assert read_png(late).data == png()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", [1, 6, 8])
def test_the_orientation_in_either_byte_order(order: str, value: int) -> None:
    head = b"II*\x00" if order == "<" else b"MM\x00*"
    other = struct.pack(f"{order}HHII", 0x010F, 2, 4, 0)
    entry = struct.pack(f"{order}HHIHxx", 0x0112, 3, 1, value)
    exif = head + struct.pack(f"{order}I4xH", 12, 2) + other + entry
    assert orientation(exif) == value
    assert orientation(exif[:-6]) == 1


def test_a_profile_of_four_mebibytes_is_read_and_a_larger_one_is_not() -> None:
    profile = display_p3()
    assert is_harmless(profile.ljust(4 << 20, b"\x00"))
    assert not is_harmless(profile.ljust((4 << 20) + 1, b"\x00"))
    assert not is_harmless(endless_profile(1))
