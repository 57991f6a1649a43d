"""No media file gets more out of `probe` than a contract failure or the truth, and no other file or host is touched."""

import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import av
import pytest

from adapters.media.config import MediaLimits
from adapters.media.info import MediaInfo
from adapters.media.probing import probe
from adapters.media.source import plain_file
from domain.errors import InputRefused, InputUnreadable, WorkerError
from tests.security.canary import Canary
from tests.security.hostile_media import Held, HostileMedia, Lure, headers, playlists, references
from tests.security.hostile_streams import streams
from tests.support.media_files import media
from tests.support.opened_files import OpenedFiles
from tests.support.resident_peak import resident_rise

FIELD = "video_url"
CORPUS = (*playlists(), *references(), *headers(), *streams())
SECONDS = 5.0
"""Most take a millisecond."""
MEMORY = 64 << 20
"""A header of 16 MB, and what FFmpeg makes of it."""


@attrs.frozen
class Place:
    """A job's folder with its clip and a neighbour, and a file elsewhere."""

    root: Path
    lure: Lure

    @property
    def clip(self) -> Path:
        return self.root / "job" / "clip.mp4"


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with Canary() as canary:
        yield canary


@pytest.fixture
def place(tmp_path: Path, canary: Canary) -> Place:
    lure = Lure(f"http://{canary.hosts[0]}:{canary.port}", tmp_path / "job" / "other.mp4", tmp_path / "far" / "far.mp4")
    for secret in (lure.neighbour, lure.elsewhere):
        secret.parent.mkdir()
        secret.write_bytes(media())
    return Place(tmp_path, lure)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_hostile_file(file: HostileMedia, place: Place, canary: Canary) -> None:
    place.clip.write_bytes(file.make(place.lure))
    with OpenedFiles(place.root) as opened, resident_rise() as rise:
        begin = time.monotonic()
        outcome = _outcome(place.clip)
        seconds = time.monotonic() - begin
    assert seconds < SECONDS
    assert opened.seen == {"job/clip.mp4"}
    assert canary.reached() == []
    assert rise.size < MEMORY
    if isinstance(file.ends, Held):
        assert isinstance(outcome, MediaInfo), outcome.__cause__
        assert Held(outcome.video.frames if outcome.video else None, sound=outcome.audio is not None) == file.ends
    elif file.ends is not None:
        assert isinstance(outcome, WorkerError), outcome
        assert type(outcome) in file.ends, outcome.__cause__
        _assert_discreet(outcome, place)


def probed(clip: Path, limits: MediaLimits) -> MediaInfo:
    with plain_file(clip) as file:
        return probe(file, FIELD, limits)


def _outcome(clip: Path) -> MediaInfo | InputRefused | InputUnreadable:
    try:
        return probed(clip, MediaLimits())
    except (InputRefused, InputUnreadable) as failure:
        return failure


def _assert_discreet(failure: WorkerError, place: Place) -> None:
    assert failure.message.startswith(f"{FIELD} ")
    assert [fault.path for fault in failure.faults] == [FIELD]
    for secret in (str(place.root), place.clip.name, place.lure.neighbour.name, place.lure.url):
        assert secret not in failure.message


def test_the_trap_works(place: Place) -> None:
    """What FFmpeg does with a playlist that is called clip.mp4 when it may choose the demuxer by itself."""
    (playlist,) = (file for file in CORPUS if file.name == "ffconcat of a neighbour")
    place.clip.write_bytes(playlist.make(place.lure))
    with OpenedFiles(place.root) as opened, av.open(str(place.clip)) as file:
        assert len(file.streams) == 2
    assert "job/other.mp4" in opened.seen


def test_a_file_over_its_size_is_not_read(place: Place) -> None:
    with place.clip.open("wb") as file:
        file.truncate(MediaLimits().max_bytes + 1)
    with pytest.raises(InputRefused, match="must be at most 209715200 bytes"):
        probed(place.clip, MediaLimits())


def test_reading_ends_with_its_time(place: Place) -> None:
    place.clip.write_bytes(media())
    with pytest.raises(InputRefused, match="takes too long to read"):
        probed(place.clip, MediaLimits(reading_seconds=-1))


def test_a_whole_file_is_read_after_each(place: Place) -> None:
    """No state stays in FFmpeg."""
    for file in CORPUS[::7]:
        place.clip.write_bytes(file.make(place.lure))
        _outcome(place.clip)
        place.clip.write_bytes(media())
        assert isinstance(_outcome(place.clip), MediaInfo)


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len({file.name for file in CORPUS}) == len(CORPUS) >= 100
