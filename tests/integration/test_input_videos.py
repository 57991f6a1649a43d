"""Videos through the fetcher and its confined child: each frame is the right one, to the pixel, or an error."""

import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import attrs
import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from adapters.media.reader import MediaReader
from application.job_control import JobControl
from domain.geometry import Resolution
from domain.source_media import FrameWindow
from tests.support.coded_clips import coded, flat, patterns
from tests.support.given_videos import Pixels, given, same
from tests.support.media_fetchers import fetcher_of, media_reader
from tests.support.media_files import patched, rewritten, table


@pytest.fixture(scope="module")
def reader() -> Iterator[MediaReader]:
    with media_reader() as reader:
        yield reader


@pytest.mark.parametrize(
    ("container", "rate"),
    [
        ("mov", Fraction(25)),
        ("mp4", Fraction(30_000, 1001)),
        ("matroska", Fraction(24_000, 1001)),
        ("matroska", Fraction(24)),
        ("mp4", Fraction(120)),
        ("mov", Fraction(15, 2)),
    ],
)
def test_at_its_own_rate_each_frame_comes_once_to_the_pixel(
    reader: MediaReader, tmp_path: Path, container: str, rate: Fraction
) -> None:
    pictures = patterns(40)
    clip = given(reader, tmp_path, coded(pictures, container=container, rate=rate))
    assert (clip.video.rate, clip.video.is_constant, clip.video.frames) == (rate, True, 40)
    assert same(clip.all(), pictures)
    for first, count in ((0, 3), (1, 1), (11, 2), (12, 1), (13, 20), (37, 3), (39, 1)):
        assert same(clip.frames(clip.video.window(first, count)), pictures[first : first + count]), first


@pytest.mark.parametrize(
    "options",
    [
        {"bf": "3", "x264-params": "open-gop=1:keyint=8"},
        {"x264-params": "intra-refresh=1:keyint=10:bframes=0"},
        {"g": "1"},
        {"g": "1000"},
    ],
    ids=["open groups of pictures", "no key frames", "key frames alone", "one key frame"],
)
def test_a_seek_gives_the_same_frames_as_the_whole(
    reader: MediaReader, tmp_path: Path, options: dict[str, str]
) -> None:
    pictures = patterns(48)
    for container in ("mp4", "matroska"):
        clip = given(reader, tmp_path, coded(pictures, container=container, options=options))
        for first in range(1, 48, 6):
            assert same(clip.frames(clip.video.window(first, 1)), [pictures[first]]), (container, first)


def test_a_long_stretch_comes_in_pieces_that_fit_together(tmp_path: Path) -> None:
    pictures = patterns(30)
    with media_reader() as reader:
        small = attrs.evolve(reader.sandbox.limits, output_bytes=1 << 16)  # seven frames
        reader.sandbox.limits = small
        clip = given(reader, tmp_path, coded(pictures))
        chunks = list(fetcher_of(reader).frames(clip.video, clip.video.window(0, 30), JobControl()))
    assert [len(chunk) // (64 * 48 * 3) for chunk in chunks] == [7, 7, 7, 7, 2]
    assert same(np.frombuffer(b"".join(chunks), np.uint8).reshape(30, 48, 64, 3), pictures)


def test_a_variable_rate_is_laid_on_the_grid(reader: MediaReader, tmp_path: Path) -> None:
    pictures = patterns(6)
    times = [0, 10, 130, 140, 500, 990]  # milliseconds
    clip = given(reader, tmp_path, coded(pictures, ticks=1000, times=times, container="matroska"))
    assert not clip.video.is_constant
    window = FrameWindow(start=Fraction(0), frames=11, rate=Fraction(10), size=clip.video.size)
    expected = [max(i for i, time in enumerate(times) if time <= 100 * k + 1) for k in range(11)]
    assert expected == [0, 1, 3, 3, 3, 4, 4, 4, 4, 4, 5]
    assert same(clip.frames(window), [pictures[i] for i in expected])
    late = attrs.evolve(window, start=Fraction(2, 5), frames=3)
    assert same(clip.frames(late), [pictures[3], pictures[4], pictures[4]])


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(Fraction(50), [0, 0, 1, 1, 2, 2, 3]), (Fraction(25, 2), [0, 2, 4, 6, 8]), (Fraction(24), None)],
)
def test_a_constant_rate_becomes_another(
    reader: MediaReader, tmp_path: Path, rate: Fraction, expected: list[int] | None
) -> None:
    pictures = patterns(10)
    clip = given(reader, tmp_path, coded(pictures))
    wanted = expected or [k * 25 // 24 for k in range(9)]
    window = FrameWindow(start=Fraction(0), frames=len(wanted), rate=rate, size=clip.video.size)
    assert same(clip.frames(window), [pictures[i] for i in wanted])


MATRICES = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_is_upright(reader: MediaReader, tmp_path: Path, degrees: int) -> None:
    pictures = patterns(4)
    a, b, c, d = MATRICES[degrees]
    matrix = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    clip = given(reader, tmp_path, patched(b"tkhd", 40, matrix, coded(pictures)))
    upright = [np.rot90(picture, -degrees // 90) for picture in pictures]
    assert clip.video.size == Resolution(*reversed(upright[0].shape[:2]))
    assert same(clip.all(), upright)
    size = Resolution(30, 20)
    scaled = clip.frames(FrameWindow(start=Fraction(0), frames=4, rate=clip.video.rate, size=size))
    assert np.abs(scaled[0].astype(int) - covering(upright[0], size)).max() <= 1


def covering(picture: Pixels, size: Resolution) -> npt.NDArray[np.int64]:
    """As input pictures are fitted."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    scale = max(size.width / image.width, size.height / image.height)
    width, height = size.width / scale, size.height / scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    resized = image.resize(
        (size.width, size.height), Image.Resampling.LANCZOS, box=(left, top, left + width, top + height)
    )
    return np.asarray(resized).astype(np.int64)


@pytest.mark.parametrize("size", [Resolution(32, 24), Resolution(40, 40), Resolution(100, 30), Resolution(128, 96)])
def test_another_size_is_covered_as_a_picture_covers_it(reader: MediaReader, tmp_path: Path, size: Resolution) -> None:
    pictures = patterns(2)
    clip = given(reader, tmp_path, coded(pictures))
    found = clip.frames(FrameWindow(start=Fraction(0), frames=2, rate=clip.video.rate, size=size))
    for frame, picture in zip(found, pictures, strict=True):
        assert np.array_equal(frame, covering(picture, size))


def test_pixels_that_are_not_square_are_made_so(reader: MediaReader, tmp_path: Path) -> None:
    pictures = flat(2)
    for picture in pictures:
        picture[:, :16] = 0
    clip = given(reader, tmp_path, coded(pictures, tags={"sample_aspect_ratio": Fraction(2)}))
    assert clip.video.size == Resolution(128, 48)
    frame = clip.all()[0]
    assert frame[:, :28].max() < 5  # the black quarter is still a quarter
    assert frame[:, 36:].min() > 20


@pytest.mark.parametrize(
    ("container", "codec"), [("webm", "libvpx"), ("webm", "libvpx-vp9"), ("mp4", "libx265"), ("mp4", "libsvtav1")]
)
def test_each_codec_gives_its_frames_in_order(reader: MediaReader, tmp_path: Path, container: str, codec: str) -> None:
    if codec not in av.codec.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    pictures = flat(16, 128, 96)
    options = {"libvpx": {"crf": "10", "b": "2M"}, "libx265": {"crf": "10", "x265-params": "log-level=none"}}
    # SVT-AV1 gives the thread that calls it the real-time priority 99, if root does, and leaves it there: every process
    # that is started from it afterwards goes before all others of the machine. So the thread ends with the encoding.
    with ThreadPoolExecutor(1) as thread:
        settings = options.get(codec, {})
        data = thread.submit(
            coded, pictures, codec=codec, pixel_format="yuv420p", container=container, options=settings
        ).result()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    clip = given(reader, tmp_path, data)
    assert clip.video.frames == 16
    for first in (0, 5, 15):
        (frame,) = clip.frames(clip.video.window(first, 1))
        assert abs(int(frame.mean()) - int(pictures[first].mean())) <= 4, first


def test_an_edit_list_is_kept_to(reader: MediaReader, tmp_path: Path) -> None:
    """From the fifth frame on: those before it are decoded, and not shown."""
    pictures = patterns(20)

    def shortened(kind: bytes, body: bytes) -> bytes:
        return table(1, 600, 4 * 512, 1 << 16) if kind == b"elst" else body

    data = coded(pictures, options={"bf": "0"}, ticks=12_800, times=[512 * i for i in range(20)])
    clip = given(reader, tmp_path, rewritten(data, shortened))
    assert clip.video.frames == 15  # 600 ms
    assert same(clip.all(), pictures[4:19])
    assert same(clip.frames(clip.video.window(9, 2)), pictures[13:15])
