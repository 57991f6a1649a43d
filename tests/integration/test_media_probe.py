"""Videos and sounds through the confined child: the same as in this process, and nothing else is opened."""

import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from adapters.media.claims import as_fields, from_fields, measured_in
from adapters.media.config import MediaLimits
from adapters.media.info import MediaInfo, SoundExtent
from adapters.media.orders import FrameOrder, SoundOrder, arguments
from adapters.media.probing import probe
from adapters.media.reader import MediaReader, media_sandbox
from adapters.media.source import plain_file
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl
from domain.errors import InputRefused, InputUnreadable
from tests.security.hostile_media import Lure, headers, playlists, references
from tests.security.hostile_streams import streams
from tests.support.media_files import media
from tests.support.process import open_files

FIELD = "video_url"
LIMITS = MediaLimits()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = media_sandbox(LIMITS)
    yield sandbox
    sandbox.close()


@pytest.fixture
def probed(sandbox: Sandbox) -> MediaReader:
    return MediaReader(sandbox, LIMITS)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    clip = tmp_path / "clip"
    clip.write_bytes(media())
    return clip


def outcome(clip: Path, probed: MediaReader | None) -> MediaInfo | tuple[str, str]:
    """What is found, or the failure's code and message; without a probe in this process."""
    try:
        if probed is not None:
            return probed.probe(clip, FIELD, JobControl())
        with plain_file(clip) as file:
            return probe(file, FIELD, LIMITS)
    except (InputRefused, InputUnreadable) as failure:
        return failure.code, failure.message


@pytest.mark.parametrize(
    ("container", "video", "audio"),
    [
        ("mp4", "libx264", "aac"),
        ("webm", "libvpx-vp9", "libopus"),
        ("mp3", None, "libmp3lame"),
        ("mp4", "libx264", None),
    ],
)
def test_a_good_file_is_what_it_is(
    probed: MediaReader, clip: Path, container: str, video: str | None, audio: str | None
) -> None:
    clip.write_bytes(media(container, video, audio))
    found = outcome(clip, probed)
    assert isinstance(found, MediaInfo)
    assert found == outcome(clip, None)


def test_a_hostile_file_ends_as_in_this_process_and_the_child_lives_on(probed: MediaReader, tmp_path: Path) -> None:
    lure = Lure("http://127.0.0.1:1", tmp_path / "other.mp4", tmp_path / "far.mp4")
    lure.neighbour.write_bytes(media())
    lure.elsewhere.write_bytes(media())
    clip = tmp_path / "clip"
    corpus = [*playlists(), *references(), *headers(), *streams()]
    probed.sandbox.check()
    pid, differing = probed.sandbox.pid, []
    for file in corpus:
        clip.write_bytes(file.make(lure))
        if outcome(clip, probed) != outcome(clip, None):
            differing.append(file.name)
    assert len(corpus) >= 100
    assert differing == []
    assert probed.sandbox.pid == pid


def test_only_plain_files_are_opened(probed: MediaReader, clip: Path, tmp_path: Path) -> None:
    link, pipe, device = tmp_path / "link", tmp_path / "pipe", tmp_path / "device"
    link.symlink_to(clip)
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    before = open_files()
    for path in (link, pipe, device, tmp_path):
        with pytest.raises(InputRefused, match="video_url must be one plain file"):
            probed.probe(path, FIELD, JobControl())
    assert open_files() == before


def test_the_whole_file_is_read_also_by_a_second_child(probed: MediaReader, clip: Path) -> None:
    found = probed.probe(clip, FIELD, JobControl())
    probed.sandbox.close()
    assert probed.probe(clip, FIELD, JobControl()) == found


def test_where_a_file_stands_does_not_matter(probed: MediaReader, clip: Path) -> None:
    """A child that was lost in the middle of a file leaves it there: the position is the descriptor's."""
    sound = SoundOrder(origin=Fraction(0), start=Fraction(0), samples=99, rate=16_000, channels=2)
    frames = FrameOrder(origin=Fraction(0), start=Fraction(0), rate=Fraction(1), frames=1, width=64, height=64)
    tasks: list[tuple[str, SoundOrder | FrameOrder | None]] = [
        ("probe", None), ("measure", None), ("frames", frames), ("sound", sound)
    ]  # fmt: skip

    def done(task: str, order: SoundOrder | FrameOrder | None, file: BinaryIO) -> tuple[Mapping[str, Any], bytes]:
        return probed.sandbox.run(
            task,
            file,
            arguments(LIMITS, order),
            lambda fields, data: (fields, data.tobytes()),
            path=FIELD,
            control=JobControl(),
        )

    for task, order in tasks:
        with plain_file(clip) as file:
            first = done(task, order, file)
            for position in (5, clip.stat().st_size):
                os.lseek(file.fileno(), position, os.SEEK_SET)
                assert done(task, order, file) == first, (task, position)


def changed(fields: dict[str, Any], stream: str, **changes: Any) -> Mapping[str, Any]:
    return {**fields, stream: {**fields[stream], **changes}}


def test_a_claim_that_cannot_be_true_is_not_believed(clip: Path) -> None:
    good = outcome(clip, None)
    assert isinstance(good, MediaInfo)
    fields = as_fields(good)
    assert from_fields(fields, LIMITS) == good
    lies: list[Mapping[str, Any]] = [
        {},
        {**fields, "more": 1},
        {**fields, "container": None},
        {**fields, "video": None, "audio": None},
        {**fields, "video": []},
        {**fields, "video": {}},
        changed(fields, "video", width=0),
        changed(fields, "video", width=4097),
        changed(fields, "video", width=4096, height=4096),
        changed(fields, "video", width=True),
        changed(fields, "video", width="64"),
        changed(fields, "video", frames=0),
        changed(fields, "video", frames=7_201),
        changed(fields, "video", rate="0"),
        changed(fields, "video", rate="1/0"),
        changed(fields, "video", rate="x"),
        changed(fields, "video", rate="1e1"),
        changed(fields, "video", rate="2_5"),
        changed(fields, "video", start="1e999999999"),
        changed(fields, "video", start="9" * 41),
        changed(fields, "video", rate=25),
        changed(fields, "video", duration="61"),
        changed(fields, "video", duration="-1"),
        changed(fields, "video", rotation=45),
        changed(fields, "audio", rate=1),
        changed(fields, "audio", rate=192_001),
        changed(fields, "audio", channels=0),
        changed(fields, "audio", channels=9),
        changed(fields, "audio", duration="61"),
    ]
    for lie in lies:
        with pytest.raises(ValueError):  # noqa: PT011 - the sandbox takes any of them for a lost child
            from_fields(lie, LIMITS)


def test_a_measure_that_cannot_be_true_is_not_believed() -> None:
    fields: dict[str, Any] = {"start": "-1/3", "samples": 2 * LIMITS.max_samples}
    assert measured_in(fields, LIMITS) == SoundExtent(start=Fraction(-1, 3), samples=2 * LIMITS.max_samples)
    lies: list[Mapping[str, Any]] = [
        {},
        {**fields, "more": 1},
        {**fields, "samples": 0},
        {**fields, "samples": 2 * LIMITS.max_samples + 1},
        {**fields, "samples": True},
        {**fields, "samples": 1.0},
        {**fields, "start": 0},
        {**fields, "start": "1/0"},
        {**fields, "start": "nan"},
        {**fields, "start": "1e999999999"},
    ]
    for lie in lies:
        with pytest.raises(ValueError):  # noqa: PT011 - as above
            measured_in(lie, LIMITS)
