"""Input videos that are damaged, cut off or too much: a clear error, and the next one is served."""

import struct
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from adapters.media.config import MediaLimits
from adapters.media.reader import MediaReader
from application.job_control import JobControl
from domain.errors import Cancelled, InputRefused, InputUnreadable
from tests.support.coded_clips import coded, flat, noise, patterns
from tests.support.given_videos import Given, given, same
from tests.support.media_fetchers import fetcher_of, media_reader
from tests.support.media_files import box, inserted, media, rewritten, table
from tests.support.resident_peak import resident_rise


@pytest.fixture(scope="module")
def reader() -> Iterator[MediaReader]:
    with media_reader() as reader:
        yield reader


@pytest.mark.parametrize("speed", [0, 1 << 15, 2 << 16])
def test_an_edit_at_another_speed_is_refused(reader: MediaReader, tmp_path: Path, speed: int) -> None:
    edit = box(b"edts", box(b"elst", table(1, 400, 0, speed)))
    with pytest.raises(InputRefused, match="must be edited at its own speed"):
        given(reader, tmp_path, inserted(b"trak", edit))


def test_0_frames_and_no_pictures_are_unreadable(reader: MediaReader, tmp_path: Path) -> None:
    none = {b"stsz": table(0, 0), b"stts": table(0), b"stsc": table(0), b"stco": table(0), b"ctts": table(0)}

    def emptied(kind: bytes, body: bytes) -> bytes:
        return none.get(kind, body)

    empty = rewritten(media(audio=None), emptied)
    for data in (media("mp4", None, "aac"), empty, b""):
        with pytest.raises(InputUnreadable):
            given(reader, tmp_path, data)
    assert list(tmp_path.iterdir()) == []


def test_10_000_frames_are_refused(reader: MediaReader, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="must have"):
        given(reader, tmp_path, media(frames=10_000, rate=200, audio=None, size=(16, 16)))


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
def test_a_file_that_is_cut_off_is_unreadable_or_as_long_as_what_is_left(
    reader: MediaReader, tmp_path: Path, container: str
) -> None:
    data = coded(patterns(20), container=container, sound=noise(38_400))
    for part in (0.1, 0.5, 0.9):
        try:
            clip = given(reader, tmp_path, data[: int(len(data) * part)])
        except InputUnreadable:
            continue
        assert container == "matroska"
        assert clip.video.frames < 20
        assert len(clip.all()) == clip.video.frames


def test_a_frame_that_is_damaged_ends_in_an_error(reader: MediaReader, tmp_path: Path) -> None:
    pictures = patterns(20)
    data = bytearray(coded(pictures, options={"g": "1"}, container="mp4"))
    middle = len(data) // 2
    data[middle : middle + 3_000] = bytes(3_000)
    clip = given(reader, tmp_path, bytes(data))
    with pytest.raises(InputUnreadable, match="video_url is damaged"):
        clip.all()
    assert same(given(reader, tmp_path, coded(pictures)).all(), pictures)


def test_frames_of_another_size_in_between_are_refused(reader: MediaReader, tmp_path: Path) -> None:
    data = coded(flat(4), codec="libvpx", pixel_format="yuv420p", container="webm")
    other = coded(flat(4, 32, 32), codec="libvpx", pixel_format="yuv420p", container="webm")
    key = b"\x9d\x01\x2a"
    mixed = data.replace(key + struct.pack("<HH", 64, 48), key + struct.pack("<HH", 32, 32))
    assert mixed != data
    assert other
    with pytest.raises((InputRefused, InputUnreadable)):
        given(reader, tmp_path, mixed).all()


def test_a_stop_ends_a_decoder_in_the_middle(tmp_path: Path) -> None:
    with media_reader() as reader:
        clip = given(reader, tmp_path, coded(flat(30, 1280, 720), options={"preset": "ultrafast"}))
        asked: list[int] = []

        def stops() -> bool:
            asked.append(0)
            return len(asked) > 4

        begin = time.monotonic()
        with pytest.raises(Cancelled):
            list(fetcher_of(reader).frames(clip.video, clip.video.window(0, 30), JobControl(is_cancelled=stops)))
        assert time.monotonic() - begin < 1
        assert reader.sandbox.pid is None
        assert len(clip.frames(clip.video.window(29, 1))) == 1


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    """Of this process: four pieces of 23 MB, each gone before the next."""
    with media_reader() as reader:
        clip = given(reader, tmp_path, coded(flat(12, 2560, 1440), options={"preset": "ultrafast"}))
        reader.sandbox.limits = attrs.evolve(reader.sandbox.limits, output_bytes=24 << 20)
        window = clip.video.window(0, 12)
        size = window.size.pixels * 3
        with resident_rise() as rise:
            greys = [chunk[at] for chunk in fetcher_of(reader).frames(clip.video, window, JobControl())
                     for at in range(0, len(chunk), size)]  # fmt: skip
    assert greys == [int(picture[0, 0, 0]) for picture in flat(12, 2560, 1440)]
    assert rise.size < 3 * (24 << 20)


def test_decoding_ends_with_its_time(tmp_path: Path) -> None:
    with media_reader() as patient, media_reader(MediaLimits(decoding_seconds=0.0)) as hurried:
        clip = given(patient, tmp_path, coded(patterns(4)))
        with pytest.raises(InputRefused, match="video_url takes too long to read"):
            Given(hurried, clip.video).all()
