"""What is seen in files of the containers that are taken."""

import io
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import attrs
import av
import pytest

from adapters.media.config import MediaLimits
from adapters.media.info import AudioStream, MediaInfo, VideoStream
from adapters.media.probing import probe
from adapters.media.source import plain_file
from domain.errors import InputRefused
from tests.support.media_files import FRAMES, RATE, SAMPLING_RATE, SOUND_SECONDS, media, patched

ROOT = Path(__file__).resolve().parents[4]
PICTURES = VideoStream(
    codec="h264",
    width=64,
    height=48,
    frames=FRAMES,
    rate=Fraction(RATE),
    duration=Fraction(FRAMES, RATE),
    rotation=0,
)


def seen(tmp_path: Path, data: bytes, limits: MediaLimits | None = None) -> MediaInfo:
    file = tmp_path / "upload"
    file.write_bytes(data)
    with plain_file(file) as opened:
        return probe(opened, "video_url", limits or MediaLimits())


@pytest.mark.parametrize(
    ("container", "video", "audio", "found"),
    [
        ("mp4", "libx264", "aac", ("mp4", "h264", "aac")),
        ("mov", "libx264", "pcm_s16le", ("mp4", "h264", "pcm_s16le")),
        ("matroska", "libx264", "flac", ("matroska", "h264", "flac")),
        ("webm", "libvpx", "libopus", ("matroska", "vp8", "opus")),
        ("webm", "libvpx-vp9", "libopus", ("matroska", "vp9", "opus")),
        ("mp4", "libx264", None, ("mp4", "h264", None)),
        ("mp4", None, "aac", ("mp4", None, "aac")),
        ("wav", None, "pcm_s16le", ("wav", None, "pcm_s16le")),
        ("mp3", None, "libmp3lame", ("mp3", None, "mp3")),
        ("flac", None, "flac", ("flac", None, "flac")),
        ("ogg", None, "libopus", ("ogg", None, "opus")),
    ],
)
def test_a_file_is_what_was_written(
    tmp_path: Path, container: str, video: str | None, audio: str | None, found: tuple[str, str | None, str | None]
) -> None:
    info = seen(tmp_path, media(container, video, audio))
    name, pictures, sound = found
    assert info.container == name
    assert info.video == (None if pictures is None else attrs.evolve(PICTURES, codec=pictures))
    if sound is None:
        assert info.audio is None
    else:
        assert info.audio is not None
        assert info.audio == AudioStream(codec=sound, rate=SAMPLING_RATE, channels=2, duration=info.audio.duration)
        assert abs(info.audio.duration - Fraction(str(SOUND_SECONDS))) < Fraction(1, 20)  # codecs pad at both ends


def test_a_live_recording_in_fragments(tmp_path: Path) -> None:
    # Without an edit list the first of the reordered frames is shown two frames late.
    assert seen(tmp_path, media(fragmented=True)).video == attrs.evolve(PICTURES, start=Fraction(2, RATE))


@pytest.mark.parametrize(
    ("matrix", "rotation"),
    [
        ((1, 0, 0, 1), 0),
        ((0, 1, -1, 0), 90),
        ((-1, 0, 0, -1), 180),
        ((0, -1, 1, 0), 270),
        ((-1, 0, 0, 1), 0),
        ((2, 0, 0, 2), 0),
    ],
)
def test_a_phone_that_was_held_upright(tmp_path: Path, matrix: tuple[int, int, int, int], rotation: int) -> None:
    """FFmpeg tells the same turn, counter-clockwise and with each frame."""
    a, b, c, d = (value << 16 for value in matrix)
    data = patched(b"tkhd", 40, struct.pack(">5i", a, b, 0, c, d), media(audio=None))
    info = seen(tmp_path, data)
    assert info.video is not None
    assert info.video.rotation == rotation
    with av.open(io.BytesIO(data), "r") as file:
        if matrix[0] != -1 or rotation:  # it takes a mirror for half a turn
            assert -next(file.decode(video=0)).rotation % 360 == rotation


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (MediaLimits(max_frames=FRAMES - 1), "video_url must have fewer frames or packets"),
        (MediaLimits(max_side=63), "video_url must have at most 9437184 pixels a frame and no side over 63"),
        (MediaLimits(max_pixels=64 * 48 - 1), "video_url must have at most 3071 pixels a frame and no side over 4096"),
        (MediaLimits(max_rate=RATE - 1), "video_url must have 1 to 24 frames per second"),
        (MediaLimits(max_streams=1), "video_url must have at most 1 streams"),
        (MediaLimits(max_channels=1), "video_url must have at most 1 channels"),
        (MediaLimits(max_sampling_rate=44_100), "video_url must have 8000 to 44100 samples per second"),
        (MediaLimits(max_bytes=1_000), "video_url must be at most 1000 bytes"),
        (MediaLimits(seconds=0), "video_url must last at most 0 seconds"),
    ],
)
def test_each_limit_is_refused_by_its_name(tmp_path: Path, limits: MediaLimits, message: str) -> None:
    with pytest.raises(InputRefused) as caught:
        seen(tmp_path, media(), limits)
    assert caught.value.message == message


def test_the_limits_are_inclusive(tmp_path: Path) -> None:
    exact = MediaLimits(
        max_frames=FRAMES, max_side=64, max_pixels=64 * 48, max_rate=RATE, max_streams=2, max_channels=2,
        max_sampling_rate=SAMPLING_RATE, seconds=1, max_bytes=len(media()),
    )  # fmt: skip
    assert seen(tmp_path, media(), exact).video == PICTURES


def test_frames_are_counted_where_no_header_tells_them(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="must have at most 9 frames or packets in a stream"):
        seen(tmp_path, media("webm", "libvpx", None), MediaLimits(max_frames=FRAMES - 1))


def test_the_reader_can_run_where_neither_numpy_nor_torch_is_loaded() -> None:
    code = "import sys, adapters.media.probing; print(*{'numpy', 'torch', 'httpx', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
