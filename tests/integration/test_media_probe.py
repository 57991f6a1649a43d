"""Videos and sounds through the confined child: the same as in this process, and nothing else is opened."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.media.claims import as_fields, from_fields
from adapters.media.config import MediaLimits
from adapters.media.info import MediaInfo
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
