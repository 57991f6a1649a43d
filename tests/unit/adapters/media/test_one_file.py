"""FFmpeg gets one open file and named decoders, whatever demuxer it is told to use."""

from pathlib import Path

import pytest
from av.error import ArgumentError

from adapters.media.config import MediaLimits
from adapters.media.containers import MATROSKA, Container
from adapters.media.faults import OtherFile, Overdrawn
from adapters.media.source import Source, plain_file
from adapters.media.streams import demuxed
from tests.support.media_files import media
from tests.support.opened_files import OpenedFiles

CONCAT = Container(name="concat", demuxer="concat", whitelist="concat")
HLS = Container(name="hls", demuxer="hls", whitelist="hls")


@pytest.mark.parametrize(
    ("container", "text", "refused"),
    [
        (CONCAT, "ffconcat version 1.0\nfile other.mp4\n", ArgumentError),
        (HLS, "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.mp4\n#EXT-X-ENDLIST\n", OtherFile),
    ],
    ids=["concat", "hls"],
)
def test_a_demuxer_that_opens_other_files_cannot(
    tmp_path: Path, container: Container, text: str, refused: type[Exception]
) -> None:
    """None of these is ever chosen; should one be, this is the second wall.

    HLS asks the file that it reads for another one. Concat asks for a protocol, which is on no list.
    """
    (tmp_path / "other.mp4").write_bytes(media())
    (tmp_path / "clip").write_text(text, encoding="ascii")
    with (
        OpenedFiles(tmp_path) as files,
        pytest.raises(refused),
        plain_file(tmp_path / "clip") as clip,
        demuxed(Source.of(clip, seconds=5), container, MediaLimits()) as file,
    ):
        list(file.demux())
    assert files.seen == {"clip"}


def test_no_decoder_but_those_that_are_taken_looks_at_a_frame(tmp_path: Path) -> None:
    """The format of the pixels is known to whoever decoded one."""
    (tmp_path / "clip").write_bytes(media("matroska", "mjpeg", None))
    with (
        plain_file(tmp_path / "clip") as clip,
        demuxed(Source.of(clip, seconds=5), MATROSKA, MediaLimits()) as file,
    ):
        assert file.streams.video[0].codec_context.name == "mjpeg"
        assert file.streams.video[0].codec_context.pix_fmt is None


def test_a_file_is_read_three_times_at_most(tmp_path: Path) -> None:
    size = 8 << 20
    with (tmp_path / "clip").open("wb") as file:
        file.truncate(size)
    with plain_file(tmp_path / "clip") as file:
        source = Source.of(file, seconds=5)
        for _ in range(5):  # three times, and 16 MB for small files
            source.seek(0)
            assert len(source.read(size)) == size
        source.seek(0)
        with pytest.raises(Overdrawn):
            source.read(1)


def test_a_file_is_read_for_its_seconds(tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(b"abc")
    now = [100.0]
    with plain_file(tmp_path / "clip") as file:
        source = Source.of(file, seconds=5, clock=lambda: now[0])
        now[0] = 105.0
        assert source.read(1) == b"a"
        now[0] = 105.1
        with pytest.raises(Overdrawn):
            source.read(1)
