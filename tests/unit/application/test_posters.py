"""A frame beside the clip: the right one, and never at the clip's expense."""

import hashlib
import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from application.job_control import JobControl, StageProgress
from application.posters import FrameTap
from domain.conditions import FramePosition
from domain.errors import (
    Cancelled,
    DeadlineExceeded,
    DiskFull,
    EncodeFailed,
    InvalidInput,
    StoragePending,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from domain.media import OUTPUT_FORMATS, PNG_SEQUENCE, WAV, WEBM
from domain.naming import FileName
from domain.output import Poster
from domain.results import ClipPending
from tests.fakes.target_store import HOST
from tests.support import repeated_jobs
from tests.support.clips import clip_of, geometry, grey_frames
from tests.support.picky_store import PickyStore
from tests.support.targets import s3_target, upload_url
from tests.unit.application.test_generate_video import KEY, SMALL, World

WITH_POSTER = attrs.evolve(SMALL, poster=Poster())
POSTER_KEY = KEY.replace(".mp4", ".jpg")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def frame(world: World, number: int) -> str:
    """SHA-256 of a frame of the clip that the fake model paints for SMALL."""
    inputs, plan = world.model.inputs[-1], world.model.plans[-1]
    with world.model.generate(plan, inputs, JobControl()) as clip:
        whole = b"".join(bytes(chunk) for chunk in clip.chunks)
        size = clip.frame_bytes
    return hashlib.sha256(whole[number * size : (number + 1) * size]).hexdigest()


@pytest.mark.parametrize(("asked", "shown"), [(0, 0), (3, 3), (4, 4), (7, 7), (9, 9), (-1, 9), (-10, 0)])
def test_the_poster_is_the_frame_that_was_asked_for(world: World, asked: int, shown: int) -> None:
    poster = world.run(attrs.evolve(SMALL, poster=Poster(FramePosition(asked)))).poster
    assert poster is not None
    assert poster.frame == shown
    assert list(world.store.objects) == [KEY, POSTER_KEY]
    kept = world.store.objects[POSTER_KEY]
    described = json.loads(kept.content)
    assert (described["size"], described["pixels_sha256"]) == ("100x64", frame(world, shown))
    assert (kept.headers.content_type, kept.headers.sha256) == ("image/jpeg", poster.picture.sha256)
    assert (poster.picture.size, poster.stored.path) == (len(kept.content), POSTER_KEY)
    assert world.store.fetch(str(poster.stored.signed_url)) == kept.content


def test_the_clip_is_the_same_with_a_poster_and_without(world: World) -> None:
    plain = world.run().video
    assert world.run(WITH_POSTER).video == plain
    assert world.run().poster is None


@pytest.mark.parametrize("number", [-11, 10, 2**53])
def test_a_frame_that_the_clip_does_not_have_is_refused_before_anything_is_done(world: World, number: int) -> None:
    with pytest.raises(InvalidInput, match=r"poster must be from -10 to 9 in a clip of 10 frames"):
        world.run(attrs.evolve(SMALL, poster=Poster(FramePosition(number))))
    assert world.model.plans == []


def test_where_the_model_tells_the_length_the_frame_is_looked_for_then(world: World) -> None:
    asked = attrs.evolve(SMALL, num_frames=None, poster=Poster(FramePosition(500)))
    with pytest.raises(InvalidInput, match="poster must be from"):
        world.run(asked)
    assert world.model.plans == []
    poster = world.run(attrs.evolve(asked, poster=Poster(FramePosition(-1)))).poster
    assert poster is not None
    assert poster.frame > 0


@pytest.mark.parametrize(
    "change",
    [{"output_format": WAV, "file_name": FileName("a.wav")}, {"upload_url": upload_url(f"https://{HOST}/put")}],
    ids=["wav", "upload_url"],
)
def test_what_can_have_no_poster_is_refused_before_anything_is_done(world: World, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="poster must be left out"):
        world.run(attrs.evolve(WITH_POSTER, **change))
    assert (world.model.plans, world.targets.calls) == ([], [])


def test_a_bucket_of_the_callers_gets_the_poster_beside_the_clip(world: World) -> None:
    poster = world.run(attrs.evolve(WITH_POSTER, s3Config=s3_target(f"https://{HOST}"))).poster
    places = [f"https://{HOST}/clips/{key}" for key in (KEY, POSTER_KEY)]
    assert list(world.targets.objects) == places
    assert world.targets.objects[places[1]].headers.content_type == "image/jpeg"
    assert poster is not None
    assert (poster.stored.backend, poster.stored.path) == ("s3", POSTER_KEY)
    assert world.targets.fetch(str(poster.stored.signed_url)) == world.targets.objects[places[1]].content
    assert world.store.objects == {}


@pytest.mark.parametrize("error", [EncodeFailed("no codec"), DiskFull("no room")])
def test_a_poster_that_cannot_be_made_is_a_warning(world: World, error: EncodeFailed | DiskFull) -> None:
    world.encoder.fail("encode_still", error)
    result = world.run(WITH_POSTER)
    assert list(world.store.objects) == [KEY]
    assert (result.poster, result.all_warnings) == (None, (f"The clip has no poster: {error.message}",))


@pytest.mark.parametrize(
    "error",
    [StorageRejected("too small"), StorageUnavailable("no answer"), Cancelled("stopped"), DeadlineExceeded("late")],
    ids=lambda error: error.code,
)
def test_a_poster_that_cannot_be_stored_is_a_warning(world: World, error: WorkerError) -> None:
    store = world.generate.store = PickyStore({".jpg": error})
    result = world.run(WITH_POSTER)
    assert list(store.objects) == [KEY]
    assert result.stored.signed_url is not None
    assert (result.poster, result.all_warnings) == (None, (f"The clip has no poster: {error.message}",))


def pending(path: str) -> StoragePending:
    return StoragePending("no answer", bucket="bucket", path=path, sha256=None)


def test_a_poster_that_waits_in_the_outbox_is_told_without_a_url(world: World) -> None:
    world.generate.store = PickyStore({".jpg": pending(POSTER_KEY)})
    result = world.run(WITH_POSTER)
    assert result.poster is not None
    assert (result.poster.stored.path, result.poster.stored.signed_url) == (POSTER_KEY, None)
    assert result.all_warnings == ("The poster is not in the store yet; it is delivered later, under its path",)


def test_the_poster_of_a_clip_that_waits_waits_behind_it_and_is_in_the_record(world: World) -> None:
    world.generate.store = PickyStore({".mp4": pending(KEY), ".jpg": pending(POSTER_KEY)})
    with pytest.raises(ClipPending) as caught:
        world.run(WITH_POSTER)
    poster = caught.value.result.poster
    assert (caught.value.path, poster is not None and poster.stored.path) == (KEY, POSTER_KEY)


def test_progress_ends_with_the_clip(world: World) -> None:
    plain: list[StageProgress] = []
    postered: list[StageProgress] = []
    world.run(SMALL, report=plain.append)
    world.run(WITH_POSTER, report=postered.append)
    assert postered == plain


@pytest.mark.parametrize("per_chunk", [1, 4, 10])
@pytest.mark.parametrize("number", range(10))
def test_a_frame_is_copied_wherever_it_lies_in_a_chunk(per_chunk: int, number: int) -> None:
    shape = geometry(frames=10)
    tap = FrameTap(number)
    for _ in tap.watched(clip_of(shape, grey_frames(shape, per_chunk=per_chunk))).chunks:
        """Taken by an encoder."""
    assert tap.still is not None
    assert set(tap.still.pixels) == {16 + 219 * number // 9}
    assert len(tap.still.pixels) == shape.resolution.pixels * 3


def test_without_a_poster_the_clip_passes_untouched() -> None:
    clip = clip_of(geometry())
    assert FrameTap(None).watched(clip) is clip


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS.values(), ids=lambda known: known.name)
def test_each_format_is_stored_under_its_own_type(world: World, output_format: Any) -> None:
    request = attrs.evolve(SMALL, output_format=output_format, file_name=FileName.default(output_format))
    result = world.run(request)
    (key,) = world.store.objects
    assert key.endswith(f"/video{output_format.suffix}")
    assert world.store.objects[key].headers.content_type == output_format.content_type
    assert result.video.content_type == output_format.content_type
    assert (result.video.audio_rate is None) == (output_format.name == "gif")


def test_a_wav_of_a_clip_without_sound_is_a_clear_failure(world: World) -> None:
    world.model.silent = True
    with pytest.raises(EncodeFailed, match="no sound"):
        world.run(attrs.evolve(SMALL, output_format=WAV, file_name=FileName("a.wav")))
    assert world.store.objects == {}


@pytest.mark.parametrize(
    "change",
    [{"output_format": WEBM}, {"file_name": FileName("a.gif")}, {"output_format": PNG_SEQUENCE}],
    ids=["webm", "name", "zip"],
)
def test_a_name_that_does_not_fit_its_format_is_refused(world: World, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="file_name must end in"):
        world.run(attrs.evolve(SMALL, **change))
    assert world.model.plans == []


class TestReplay:
    REQUEST = attrs.evolve(repeated_jobs.REQUEST, poster=Poster(FramePosition(-1)))

    def test_the_poster_gets_a_fresh_url_too_and_the_record_has_none(self, tmp_path: Path) -> None:
        world = repeated_jobs.World(tmp_path)
        first = world.run(self.REQUEST)
        kept = world.record().result.poster
        assert kept is not None
        assert (kept.stored.signed_url, kept.stored.expires_at) == (None, None)
        second = world.again(days=3).run(self.REQUEST)
        assert second.replayed
        assert first.poster is not None
        assert second.poster is not None
        assert second.poster == attrs.evolve(first.poster, stored=second.poster.stored)
        assert second.poster.stored.signed_url not in {None, first.poster.stored.signed_url}

    def test_a_job_that_wants_a_poster_is_another_one(self, tmp_path: Path) -> None:
        world = repeated_jobs.World(tmp_path)
        world.run()
        other = world.again(days=1)
        assert not other.run(self.REQUEST).replayed
        assert other.renders == 1
