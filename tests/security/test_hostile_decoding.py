"""The hostile files through the fetcher and every decoding task: an error or the truth, and nothing else is touched."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from adapters.media.config import MediaLimits
from adapters.media.orders import FrameOrder, SoundOrder
from adapters.media.reader import MediaReader
from application.job_control import JobControl
from domain.errors import InputRefused, InputUnreadable, WorkerError
from domain.source_media import AudioUrl, SampleWindow, SourceAudio, VideoUrl
from tests.security.canary import Canary
from tests.security.hostile_file import Failures
from tests.security.hostile_media import Held, HostileMedia, Lure, headers, playlists, references
from tests.security.hostile_streams import streams
from tests.support.http_server import Reply, serving
from tests.support.media_fetchers import fetcher_of, media_reader
from tests.support.media_files import media
from tests.support.opened_files import OpenedFiles
from tests.support.process import open_files

CORPUS = (*playlists(), *references(), *headers(), *streams())
FIELD = "video_url"
ORIGIN = Fraction(0)
FRAMES = FrameOrder(origin=ORIGIN, start=Fraction(1, 5), rate=Fraction(25), frames=3, width=32, height=32)
SOUND = SoundOrder(origin=ORIGIN, start=ORIGIN, samples=999, rate=16_000, channels=2)
GARBLED = ("chunks counted backwards", InputUnreadable)
"""As many packets as there should be, but not theirs: a probe cannot know, a decoder does."""
Task = Callable[[MediaReader, Path], object]
TASKS: dict[str, Task] = {
    "frames": lambda reader, clip: reader.frames(clip, FIELD, FRAMES, JobControl()),
    "sound": lambda reader, clip: reader.sound(clip, FIELD, SOUND, JobControl()),
    "measure": lambda reader, clip: reader.measure(clip, FIELD, JobControl()),
}


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with Canary() as canary:
        yield canary


@pytest.fixture(scope="module")
def reader() -> Iterator[MediaReader]:
    with media_reader(MediaLimits(reading_seconds=5.0, decoding_seconds=5.0)) as reader:
        yield reader


@pytest.fixture
def lure(tmp_path: Path, canary: Canary) -> Lure:
    lure = Lure(f"http://{canary.hosts[0]}:{canary.port}", tmp_path / "job" / "other.mp4", tmp_path / "far" / "far.mp4")
    for secret in (lure.neighbour, lure.elsewhere):
        secret.parent.mkdir()
        secret.write_bytes(media())
    return lure


@pytest.mark.parametrize("task", TASKS)
def test_each_task_judges_each_file_itself(
    reader: MediaReader, task: str, lure: Lure, canary: Canary, tmp_path: Path
) -> None:
    """Also without a probe before it: a file that is refused when probed is refused, or at least not decoded."""
    clip = tmp_path / "job" / "clip.mp4"
    served, before = [], open_files()
    with OpenedFiles(tmp_path) as opened:
        for file in CORPUS:
            clip.write_bytes(file.make(lure))
            try:
                TASKS[task](reader, clip)
                served.append(file)
            except (InputRefused, InputUnreadable) as failure:
                _assert_discreet(failure.message, lure)
            clip.write_bytes(media())
    assert canary.reached() == []
    assert opened.seen <= {"job/clip.mp4"}
    assert open_files() <= before + 8  # the child's
    wrongly = [file.name for file in served if file.ends == frozenset({InputRefused}) and _is_reference(file)]
    assert wrongly == []
    clip.write_bytes(media())
    assert TASKS[task](reader, clip)


def _is_reference(file: HostileMedia) -> bool:
    return file.name in {case.name for case in (*playlists(), *references())}


def test_through_the_fetcher_each_ends_in_its_class_and_the_next_is_served(
    reader: MediaReader, lure: Lure, canary: Canary, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    wrong = []
    with serving() as server:
        for file in CORPUS:
            server.add("/clip", Reply(body=file.make(lure)))
            found = _decoded(reader, server.url("/clip"), folder)
            if not _is_right(found, file.ends) and (file.name, found) != GARBLED:
                wrong.append((file.name, found))
        server.add("/clip", Reply(body=media()))
        assert _decoded(reader, server.url("/clip"), folder) == (True, True)
    assert wrong == []
    assert canary.reached() == []


Found = tuple[bool, bool] | type[WorkerError]
"""Whether there were pictures and sound, or the failure."""


def _is_right(found: Found, ends: Failures | Held | None) -> bool:
    match ends:
        case None:
            return True
        case Held():
            return found == (ends.frames is not None, ends.sound)
        case _:
            return found in ends


def _decoded(reader: MediaReader, url: str, folder: Path) -> Found:
    """What is found when all of it is fetched and decoded."""
    try:
        return _video_decoded(reader, url, folder)
    except InputUnreadable as failure:
        if failure.message != f"{FIELD} has no pictures":
            return type(failure)
    except InputRefused as failure:
        return type(failure)
    try:
        audio = fetcher_of(reader).audio(AudioUrl(url, FIELD), folder, JobControl())
        _hear(reader, audio)
    except (InputRefused, InputUnreadable) as failure:
        return type(failure)
    return False, True


def _video_decoded(reader: MediaReader, url: str, folder: Path) -> Found:
    fetcher = fetcher_of(reader)
    video = fetcher.video(VideoUrl(url), folder, JobControl())
    for _ in fetcher.frames(video, video.window(0, min(video.frames, 50)), JobControl()):
        pass
    if video.audio is not None:
        _hear(reader, video.audio)
    return True, video.audio is not None


def _hear(reader: MediaReader, audio: SourceAudio) -> None:
    window = SampleWindow(start=ORIGIN, samples=999, rate=audio.rate, channels=2)
    fetcher_of(reader).samples(audio, window, JobControl())


def _assert_discreet(message: str, lure: Lure) -> None:
    assert message.startswith(f"{FIELD} ")
    for secret in (str(lure.elsewhere.parent), lure.neighbour.name, lure.url):
        assert secret not in message


def test_a_child_that_is_lost_is_replaced(reader: MediaReader, tmp_path: Path) -> None:
    clip = tmp_path / "clip"
    clip.write_bytes(media())
    reader.sandbox.check()
    child = reader.sandbox.pid
    huge = FrameOrder(origin=ORIGIN, start=ORIGIN, rate=Fraction(25), frames=1, width=30_000, height=30_000)
    with pytest.raises(InputUnreadable, match="could not be decoded within the limits"):
        reader.frames(clip, FIELD, huge, JobControl())
    assert TASKS["frames"](reader, clip)
    assert reader.sandbox.pid != child
