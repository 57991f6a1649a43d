"""Nothing that a record can spoil: missing, unreadable, refused, and stores that do not answer."""

from pathlib import Path

import attrs
import pytest
from typing_extensions import override

from application.generate_once import MAX_RECORD_BYTES
from application.job import Job
from application.job_control import JobControl, StageProgress
from application.ports.object_store import ObjectHeaders
from domain.errors import (
    Cancelled,
    DiskFull,
    GpuFailed,
    ObjectMissing,
    StorageAuth,
    StoragePending,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from domain.results import ClipPending
from tests.fakes.object_store import InMemoryStore, KeptObject
from tests.support.repeated_jobs import CLIP, RECORD, REQUEST, UNREADABLE, World


class NoRecords(InMemoryStore):
    """Takes clips only; `error` for the rest."""

    def __init__(self, error: WorkerError) -> None:
        super().__init__()
        self.error = error

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        if headers.content_type != "video/mp4":
            raise self.error
        super().put(source, key, headers, control)


class Pending(InMemoryStore):
    """A store behind an outbox, and down: it keeps what is put and says that it waits."""

    @override
    def read(self, key: str, limit: int) -> bytes:
        message = "There is no such object"
        raise ObjectMissing(message)

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        super().put(source, key, headers, control)
        message = "kept"
        raise StoragePending(message, bucket=self.bucket, path=key, sha256=headers.sha256)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_clip_that_is_gone_is_made_again(world: World) -> None:
    first = world.run()
    world.store.delete(CLIP)
    second = world.run()
    assert not second.replayed
    assert (second.video.sha256, second.seed) == (first.video.sha256, first.seed)
    assert world.run().replayed


@pytest.mark.parametrize("kept", [KeptObject(b"x", ObjectHeaders(content_type="video/mp4")), "other"])
def test_another_object_in_the_clips_place_is_not_taken_for_it(world: World, kept: KeptObject | str) -> None:
    world.run()
    if isinstance(kept, str):
        clip = world.store.objects[CLIP]
        kept = attrs.evolve(clip, headers=attrs.evolve(clip.headers, sha256="0" * 64))
    world.store.objects[CLIP] = kept
    assert not world.run().replayed
    assert world.renders == 2


def test_a_store_that_keeps_no_hashes_is_believed_by_the_size(world: World) -> None:
    world.run()
    clip = world.store.objects[CLIP]
    world.store.objects[CLIP] = attrs.evolve(clip, headers=attrs.evolve(clip.headers, sha256=None))
    assert world.run().replayed


@pytest.mark.parametrize("content", [b"junk", b"{}", b"x" * (MAX_RECORD_BYTES + 1)], ids=["junk", "older", "too large"])
def test_a_record_that_cannot_be_read_is_none_and_is_told(world: World, content: bytes) -> None:
    world.run()
    world.store.objects[RECORD] = attrs.evolve(world.store.objects[RECORD], content=content)
    assert world.run().all_warnings == (UNREADABLE,)
    assert world.renders == 2
    assert world.run().replayed


@pytest.mark.parametrize("error", [StorageUnavailable("no answer"), StorageAuth("no right to read")])
@pytest.mark.parametrize("method", ["read", "stat"])
def test_a_store_in_trouble_at_the_look_up_costs_a_render_and_nothing_else(
    world: World, method: str, error: WorkerError
) -> None:
    world.run()
    world.store.fail("read" if method == "read" else "stat", error)
    assert world.run().all_warnings == ()
    assert world.renders == 2


@pytest.mark.parametrize(
    "error", [StorageRejected("no JSON here"), StorageUnavailable("no answer"), StorageAuth("no"), DiskFull("full")]
)
def test_a_record_that_the_store_does_not_take_is_a_warning(tmp_path: Path, error: WorkerError) -> None:
    world = World(tmp_path, NoRecords(error))
    result = world.run()
    (warning,) = result.all_warnings
    assert "its record is not" in warning
    assert error.message in warning
    assert list(world.store.objects) == [CLIP]
    assert not world.run().replayed


def test_a_record_beyond_its_limit_is_not_kept(world: World) -> None:
    (warning,) = world.run(attrs.evolve(REQUEST, negative_prompt="x" * MAX_RECORD_BYTES)).all_warnings
    assert "too large" in warning
    assert list(world.store.objects) == [CLIP]


def test_a_disk_that_does_not_take_the_record_is_a_warning(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.once.work_root = tmp_path / "gone"
    assert "disk" in world.run().all_warnings[0]


def test_a_job_that_failed_leaves_no_record(world: World) -> None:
    world.model.fail("enter", GpuFailed("lost"))
    with pytest.raises(GpuFailed):
        world.run()
    assert world.store.objects == {}
    assert not world.run().replayed


def test_a_clip_that_waits_has_its_record_put_behind_it(tmp_path: Path) -> None:
    world = World(tmp_path, Pending())
    with pytest.raises(ClipPending) as caught:
        world.run()
    assert caught.value.path == CLIP
    assert list(world.store.objects) == [CLIP, RECORD]
    other = World(tmp_path, InMemoryStore())
    other.store.objects = dict(world.store.objects)
    result = other.run()
    assert result.replayed
    assert (result.video, result.seed) == (caught.value.result.video, caught.value.result.seed)
    assert result.stored.signed_url is not None


def test_a_record_of_a_waiting_clip_that_is_refused_changes_nothing(world: World) -> None:
    pending = StoragePending("kept", bucket="bucket", path=CLIP, sha256=None)
    world.store.fail("put", pending, StorageRejected("no JSON"))
    with pytest.raises(ClipPending, match="kept"):
        world.run()


def test_the_record_is_written_although_the_job_was_stopped_once_its_clip_was_stored(world: World) -> None:
    heard: list[StageProgress] = []
    control = JobControl(is_cancelled=lambda: any(event.stage == "upload" for event in heard), report=heard.append)
    world.once(REQUEST, Job(id="job-1", may_return=True), control)
    with pytest.raises(Cancelled):
        control.check()
    assert RECORD in world.store.objects
    assert heard[-1].total == len(world.store.objects[CLIP].content)


def test_the_record_has_ten_seconds_of_its_own(world: World) -> None:
    deadlines = []

    class Watching(InMemoryStore):
        @override
        def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
            deadlines.append(control.deadline)
            super().put(source, key, headers, control)

    world.once.store = Watching()
    world.once(REQUEST, Job(id="a", may_return=True), JobControl(deadline=1e6, clock=lambda: 100.0))
    assert deadlines == [110.0]
