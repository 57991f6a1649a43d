"""Colours of input videos: to RGB as their tags say, through the fetcher and its confined child."""

import struct
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from adapters.media.reader import MediaReader
from domain.errors import InputRefused
from tests.support.coded_clips import coded
from tests.support.given_videos import given
from tests.support.media_fetchers import media_reader


@pytest.fixture(scope="module")
def reader() -> Iterator[MediaReader]:
    with media_reader() as reader:
        yield reader


RED_BY_MATRIX = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def in_rgb(code: tuple[int, int, int], matrix: int, *, is_full: bool) -> npt.NDArray[np.float64]:
    """ITU-R BT.601, BT.709 and BT.2020: 8-bit Y, Cb and Cr to R, G, B."""
    kr, kb = RED_BY_MATRIX[matrix]
    y = code[0] / 255 if is_full else (code[0] - 16) / 219
    cb, cr = ((value - 128) / (255 if is_full else 224) for value in code[1:])
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    colour: npt.NDArray[np.float64] = np.array([red, (y - kr * red - kb * blue) / (1 - kr - kb), blue])
    return colour.clip(0, 1) * 255


CODES = [(60, 128, 128), (120, 90, 160), (170, 150, 110), (90, 110, 100), (180, 128, 140)]


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p10le"])
@pytest.mark.parametrize(("matrix", "full"), [(1, False), (1, True), (6, False), (9, False), (2, False)])
def test_colours_are_those_of_their_tags(
    reader: MediaReader, tmp_path: Path, pixel_format: str, matrix: int, full: bool
) -> None:
    data = coded_yuv(CODES, pixel_format, {"colorspace": matrix, "color_range": 2 if full else 1})
    clip = given(reader, tmp_path, data)
    for frame, code in zip(clip.all(), CODES, strict=True):
        expected = in_rgb(code, 6 if matrix == 2 else matrix, is_full=full)
        assert np.abs(frame[8:-8, 8:-8] - expected).max() <= 2, (code, expected, frame[20, 20])


def test_large_pictures_without_tags_are_bt709(reader: MediaReader, tmp_path: Path) -> None:
    clip = given(reader, tmp_path, coded_yuv(CODES[:2], "yuv420p", {}, size=(1280, 64)))
    for frame, code in zip(clip.all(), CODES, strict=False):
        assert np.abs(frame[20, 600] - in_rgb(code, 1, is_full=False)).max() <= 2


def coded_yuv(
    codes: list[tuple[int, int, int]], pixel_format: str, tags: dict[str, int], size: tuple[int, int] = (64, 48)
) -> bytes:
    """A frame for each of `codes`, its planes filled with them."""

    def filled(index: int) -> av.VideoFrame:
        frame = av.VideoFrame(*size, pixel_format)
        for plane, value in zip(frame.planes, codes[index], strict=True):
            one = struct.pack("<H", value << 2) if "10" in pixel_format else bytes((value,))
            plane.update(one * (plane.buffer_size // len(one)))
        return frame

    pictures = [np.zeros((size[1], size[0], 3), np.uint8)] * len(codes)
    return coded(pictures, codec="libx264", pixel_format=pixel_format, tags=tags, filled=filled)


def test_a_matrix_that_is_not_converted_is_refused(reader: MediaReader, tmp_path: Path) -> None:
    clip = given(reader, tmp_path, coded_yuv(CODES, "yuv444p", {"colorspace": 8}))  # YCgCo
    with pytest.raises(InputRefused, match="video_url must have colours of"):
        clip.all()


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_hdr_is_refused(reader: MediaReader, tmp_path: Path, transfer: int) -> None:
    data = coded_yuv(CODES, "yuv420p10le", {"colorspace": 9, "color_primaries": 9, "color_trc": transfer})
    with pytest.raises(InputRefused, match="video_url must be SDR"):
        given(reader, tmp_path, data)
