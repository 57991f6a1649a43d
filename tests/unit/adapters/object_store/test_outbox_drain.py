"""What waits is delivered once, in time, by whoever is there."""

import threading
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from typing_extensions import override

from adapters.object_store.outbox import OutboxStore
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import DiskFull, StorageAuth, StorageRejected
from tests.contract.object_store_contract import HEADERS, KEY, written
from tests.fakes.object_store import InMemoryStore
from tests.support.outbox import GONE, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as captured:
        yield captured


def test_of_two_workers_exactly_one_delivers_each_entry(world: World) -> None:
    keys = [f"clip-{number}" for number in range(30)]
    for key in keys:
        world.kept(key)
    barrier = threading.Barrier(4)
    counts: list[int] = []

    def work(store: OutboxStore) -> None:
        barrier.wait()
        counts.append(store.drain(60))

    threads = [threading.Thread(target=work, args=(world.worker(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(world.delivered) == sorted(keys)
    assert sum(counts) == 30
    assert world.entries() == []


class Dying(InMemoryStore):
    """The process dies in the middle of a put."""

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        raise KeyboardInterrupt


def test_what_a_dead_worker_had_claimed_is_taken_back_after_a_while_and_not_before(world: World) -> None:
    content = world.kept()
    with pytest.raises(KeyboardInterrupt):
        world.worker(inner=Dying()).drain(60)
    assert len(world.entries("claimed-")) == 1
    world.now += 590
    assert world.store.drain(60) == 0
    world.now += 20
    assert world.store.drain(60) == 1
    assert world.inner.objects[KEY].content == content
    assert world.entries() == []


def test_a_half_written_entry_is_never_delivered_and_swept_at_last(world: World) -> None:
    world.kept()
    (ready,) = world.root.glob("ready-*")
    entry = ready.name.removeprefix("ready-")
    (ready / "manifest.json").unlink()
    ready.rename(world.root / f"writing-{int(world.now)}-{entry}")
    assert world.store.drain(60) == 0
    assert len(world.entries("writing-")) == 1
    world.now += 700
    assert world.store.drain(60) == 0
    assert world.entries() == []
    assert world.inner.objects == {}


def test_strange_names_are_left_alone(world: World) -> None:
    world.kept()
    names = ["ready-", "ready-me", "claimed-x", "claimed-soon-1-2-3", "writing-soon-1-2-3", "lost+found"]
    for name in names:
        (world.root / name).mkdir()
    assert world.store.drain(60) == 1
    assert world.entries() == sorted(names)


def test_an_entry_that_the_store_refuses_is_put_aside_and_logged(
    world: World, lines: list[MutableMapping[str, Any]]
) -> None:
    for key in ("bad", "good"):
        world.kept(key)
    world.inner.fail("put", StorageRejected("no videos here"))
    assert world.store.drain(60) == 2
    assert world.delivered == ["bad", "good"]
    assert len(world.entries("refused-")) == len(world.entries()) == 1
    assert (lines[0]["event"], lines[0]["path"], lines[0]["error"]) == ("outbox.refused", "bad", "no videos here")
    assert world.store.drain(60) == 0


@pytest.mark.parametrize(
    "damage",
    [
        "no manifest",
        "no content",
        "short",
        "junk",
        "list",
        "a folder",
        '{"key": "a", "headers": {"x": 1}, "size": 10}',
        '{"key": ["a"], "headers": {"content_type": "video/mp4"}, "size": 10}',
        '{"key": "a", "headers": {"content_type": 5}, "size": 10}',
        '{"key": "a", "headers": {"content_type": "video/mp4", "metadata": {"a": null}}, "size": 10}',
        '{"key": "a", "headers": {"content_type": "video/mp4", "metadata": ["a"]}, "size": 10}',
        '{"key": "a", "headers": {"content_type": "video/mp4", "cache_seconds": true}, "size": 10}',
        '{"key": "a", "headers": [], "size": 10}',
        "[" * 50_000,
        '{"key": "a", "headers": {"content_type": "video/mp4"}, "size": 10}' + " " * (1 << 16) + "{",
    ],
    ids=lambda damage: damage[:70],
)
def test_a_damaged_entry_is_put_aside(world: World, lines: list[MutableMapping[str, Any]], damage: str) -> None:
    world.kept()
    (ready,) = world.root.glob("ready-*")
    manifest = ready / "manifest.json"
    match damage:
        case "no manifest":
            manifest.unlink()
        case "no content":
            (ready / "content").unlink()
        case "short":
            (ready / "content").write_bytes(b"x")
        case "junk":
            manifest.write_bytes(b"\xff")
        case "list":
            manifest.write_text("[]")
        case "a folder":
            manifest.unlink()
            manifest.mkdir()
        case text:
            manifest.write_text(text)
    world.store.drain(60)
    assert world.delivered == []
    assert len(world.entries("refused-")) == 1
    assert lines[0]["event"] == "outbox.refused"


@pytest.mark.parametrize("error", [GONE, StorageAuth("expired"), DiskFull("full")])
def test_a_drain_ends_at_the_first_failure_that_may_pass_and_the_entry_waits_on(world: World, error: Any) -> None:
    for key in ("a", "b"):
        world.kept(key)
    world.inner.fail("put", error)
    assert world.store.drain(60) == 0
    assert world.delivered == ["a"]
    assert len(world.entries("ready-")) == len(world.entries()) == 2
    assert world.store.drain(60) == 2


class Slow(InMemoryStore):
    """Each put takes four seconds, and no longer than the job lets it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        self.world.now += 4
        super().put(source, key, headers, control)


def test_a_drain_keeps_its_time_and_a_job_pays_once(world: World) -> None:
    for number in range(6):
        world.kept(f"clip-{number}")
    slow = Slow(world)
    store = world.worker(inner=slow)
    clock = JobControl(clock=lambda: world.now)
    begin = world.now
    store.put(written(world.files, 10), "own", HEADERS, clock)
    assert sorted(slow.objects) == ["clip-0", "clip-1", "own"]
    assert world.now - begin == 4 + 12  # the third was begun inside the ten seconds, and stopped
    store.put(written(world.files, 10), "own-record", HEADERS, clock)
    assert len(slow.objects) == 4
    world.now += 10
    store.put(written(world.files, 10), "next", HEADERS, clock)
    assert len(slow.objects) == 7
    assert len(world.entries("ready-")) == len(world.entries()) == 2


def test_a_drain_ends_with_the_job(world: World) -> None:
    world.kept()
    own = written(world.files, 10)
    late = iter([0.0] * 3)
    control = JobControl(deadline=5.0, clock=lambda: next(late, 6.0))
    world.store.put(own, "own", HEADERS, control)
    assert world.delivered == ["own"]
    assert list(world.inner.objects) == ["own"]
    assert len(world.entries("ready-")) == 1
    world.now += 60
    world.store.drain(60, JobControl(is_cancelled=lambda: True))
    assert list(world.inner.objects) == ["own"]
    assert world.store.drain(60) == 1


def test_a_newer_object_is_not_replaced_by_an_older_one_that_waited(world: World) -> None:
    world.kept(KEY, 10)
    world.kept("other", 10)
    newer = world.put(KEY, 20)
    assert world.inner.objects[KEY].content == newer
    assert "other" in world.inner.objects
    assert world.delivered == [KEY, "other"]
    assert world.entries() == []


def test_of_two_that_wait_for_one_place_the_newer_is_kept(world: World) -> None:
    world.kept(KEY, 10)
    newer = world.kept(KEY, 20)
    assert len(world.entries()) == 1
    assert world.store.drain(60) == 1
    assert world.inner.objects[KEY].content == newer


def test_what_waits_cannot_be_read_yet(world: World) -> None:
    world.kept()
    with pytest.raises(StorageRejected, match="no such object"):
        world.store.stat(KEY)
    with pytest.raises(StorageRejected, match="no such object"):
        world.store.read(KEY, 100)


def test_a_folder_that_fails_in_a_drain_fails_no_put(world: World, lines: list[MutableMapping[str, Any]]) -> None:
    world.kept()
    (ready,) = world.root.glob("ready-*")
    taken = world.root / f"claimed-{int(world.now)}-{ready.name.removeprefix('ready-')}"
    (taken / "content").mkdir(parents=True)  # a claim is an OSError, as on a volume that went away
    world.put("own")
    assert "own" in world.inner.objects
    assert lines[-1]["event"] == "outbox.unusable"
