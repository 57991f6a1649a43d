"""What a dead store could not take waits, whole, and says so."""

import errno
import itertools
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from adapters.object_store.outbox import OutboxStore
from application.job_control import JobControl
from domain.errors import Cancelled, DiskFull, StorageAuth, StoragePending, StorageRejected, StorageUnavailable
from tests.contract.object_store_contract import HEADERS, KEY, NO_DEADLINE, written
from tests.support.outbox import GONE, RICH, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as captured:
        yield captured


def test_a_file_that_the_store_did_not_take_waits_and_says_so(world: World) -> None:
    world.inner.broken = GONE
    with pytest.raises(StoragePending, match=r"^no answer\. The file is kept") as caught:
        world.put(headers=RICH)
    error = caught.value
    assert (error.code, error.retryable) == ("storage_unavailable", True)
    assert (error.bucket, error.path, error.sha256) == ("bucket", KEY, "ab" * 32)
    assert len(world.entries("ready-")) == len(world.entries()) == 1


def test_the_cause_stays_the_stores(world: World) -> None:
    world.inner.broken = StorageUnavailable("no answer")
    world.inner.broken.__cause__ = OSError("connection refused")
    with pytest.raises(StoragePending) as caught:
        world.put()
    assert str(caught.value.__cause__) == "connection refused"


def test_the_next_put_that_succeeds_delivers_what_waits_to_the_last_byte(world: World) -> None:
    content = world.kept(size=3_000_000, headers=RICH)
    world.put("other")
    assert world.delivered == ["other", KEY]
    assert world.inner.objects[KEY].content == content
    assert world.inner.objects[KEY].headers == RICH
    assert world.entries() == []


def test_a_new_worker_delivers_what_an_old_one_left_oldest_first(
    world: World, lines: list[MutableMapping[str, Any]]
) -> None:
    for key in ("b", "a", "c"):
        world.kept(key)
    assert world.worker().drain(60) == 3
    assert world.delivered == ["b", "a", "c"]
    assert world.entries() == []
    assert [(line["event"], line["path"]) for line in lines] == [("outbox.delivered", key) for key in "bac"]


def test_nothing_waits_nothing_happens(world: World) -> None:
    assert world.store.drain(60) == 0
    world.put()
    assert not world.root.exists()
    assert world.inner.calls == [("put", KEY)]


def test_the_record_goes_behind_its_clip_without_another_try(world: World) -> None:
    world.inner.broken = GONE
    for key in ("clip", "record"):
        with pytest.raises(StoragePending, match="no answer"):
            world.put(key)
    assert world.inner.calls == [("put", "clip")]
    world.inner.broken = None
    world.now += 6
    world.put("third")
    assert world.delivered == ["clip", "third", "clip", "record"]


def test_an_untried_put_still_looks_at_the_job(world: World) -> None:
    world.inner.broken = GONE
    with pytest.raises(StoragePending):
        world.put()
    with pytest.raises(Cancelled):
        world.store.put(written(world.files, 10), "b", HEADERS, JobControl(is_cancelled=lambda: True))
    assert len(world.entries()) == 1


@pytest.mark.parametrize("error", [StorageAuth("wrong"), StorageRejected("too large"), DiskFull("full")])
def test_what_is_permanent_is_not_kept(world: World, error: Any) -> None:
    world.inner.broken = error
    with pytest.raises(type(error)):
        world.put()
    assert world.entries() == []


def test_without_an_outbox_the_reply_says_that_the_file_is_lost(world: World) -> None:
    world.inner.broken = GONE
    store = OutboxStore(world.inner, None)
    with pytest.raises(StorageUnavailable, match=r"no answer\. The file could not be kept.*OUTBOX_DIR") as caught:
        store.put(written(world.files, 10), KEY, HEADERS, NO_DEADLINE)
    assert not isinstance(caught.value, StoragePending)
    assert store.drain(60) == 0
    world.inner.broken = None
    store.put(written(world.files, 10), KEY, HEADERS, NO_DEADLINE)
    assert KEY in world.inner.objects


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_nothing_and_says_so(world: World, lines: list[MutableMapping[str, Any]], call: int) -> None:
    calls = itertools.count(1)

    def sync(_: int) -> None:
        if next(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/path")

    world.inner.broken = GONE
    world.store = world.worker(sync)
    with pytest.raises(StorageUnavailable, match="outbox cannot be written") as caught:
        world.put()
    assert not isinstance(caught.value, StoragePending)
    assert "/" not in caught.value.message
    assert world.entries() == []
    assert lines[0]["event"] == "outbox.unusable"
    with pytest.raises(StoragePending):
        world.put()
    assert world.inner.calls == [("put", KEY)] * 2  # what could not be kept breaks no circuit


def test_an_outbox_that_cannot_be_made_is_no_outbox(world: World) -> None:
    world.root.write_text("a file")
    world.inner.broken = GONE
    with pytest.raises(StorageUnavailable, match="outbox cannot be written"):
        world.put()
    world.inner.broken = None
    world.put()
    assert world.store.drain(60) == 0
    assert KEY in world.inner.objects


def test_content_manifest_and_both_folders_are_on_the_disk_before_the_entry_is_ready(world: World) -> None:
    synced: list[tuple[str, int]] = []

    def sync(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name.split("-")[0], len(world.entries("ready-"))))

    world.store = world.worker(sync)
    world.kept()
    assert synced == [("content", 0), ("manifest.json", 0), ("writing", 0), ("outbox", 1)]
