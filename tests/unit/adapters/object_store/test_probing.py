"""The probe object of `check`."""

import threading
from pathlib import Path

import attrs
import pytest
from typing_extensions import override

from adapters.object_store.probing import probe
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import (
    DeadlineExceeded,
    ObjectMissing,
    StorageAuth,
    StorageBucket,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from tests.fakes.object_store import InMemoryStore, KeptObject


def methods(store: InMemoryStore) -> list[str]:
    return [method for method, _ in store.calls]


def test_it_writes_signs_reads_and_deletes_one_object_of_its_own() -> None:
    store = InMemoryStore()
    probe(store, "clips/of/mine")
    assert methods(store) == ["put", "url", "read", "delete", "stat"]
    (key,) = {key for _, key in store.calls}
    prefix, _, name = key.rpartition("/")
    assert prefix == "clips/of/mine/probe"
    assert len(name) == 32
    assert store.objects == {}
    probe(store, "clips/of/mine")
    assert len({key for _, key in store.calls}) == 2


@pytest.mark.parametrize("prefix", ["", "/"])
def test_it_needs_no_prefix(prefix: str) -> None:
    store = InMemoryStore()
    probe(store, prefix)
    assert store.calls[0][1].startswith("probe/")


def test_workers_that_start_at_once_do_not_disturb_each_other() -> None:
    store, errors = InMemoryStore(), list[BaseException]()

    def check() -> None:
        try:
            store.check()
        except WorkerError as exc:
            errors.append(exc)

    threads = [threading.Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.objects == {}


@pytest.mark.parametrize("kind", [StorageAuth, StorageBucket, StorageRejected])
def test_a_refused_probe_is_tidied_up_and_its_error_raised(kind: type[WorkerError]) -> None:
    store = InMemoryStore()
    store.fail("put", kind("no"))
    store.fail("delete", StorageAuth("neither"))
    with pytest.raises(kind, match=r"^no$"):
        probe(store, "p")
    assert methods(store) == ["put", "delete"]


def test_a_store_that_does_not_answer_is_left_alone() -> None:
    store = InMemoryStore()
    store.fail("put", StorageUnavailable("gone"))
    with pytest.raises(StorageUnavailable, match=r"^gone$"):
        probe(store, "p")
    assert methods(store) == ["put"]


@pytest.mark.parametrize("method", ["url", "read"])
def test_what_goes_wrong_after_the_put_leaves_no_object(method: str) -> None:
    store = InMemoryStore()
    store.fail("url" if method == "url" else "read", StorageBucket("no"))
    with pytest.raises(StorageBucket, match=r"^no$"):
        probe(store, "p")
    assert methods(store)[-2:] == ["delete", "stat"]
    assert store.objects == {}


def test_a_key_that_may_not_read_is_found() -> None:
    store = InMemoryStore()
    store.fail("read", ObjectMissing("no such object"))
    with pytest.raises(StorageAuth, match="not read"):
        probe(store, "p")
    assert store.objects == {}


@pytest.mark.parametrize("kind", [StorageAuth, StorageBucket, StorageRejected, StorageUnavailable])
def test_an_object_that_cannot_be_deleted_is_named(kind: type[WorkerError]) -> None:
    store = InMemoryStore()
    store.fail("delete", kind("not with this key"))
    with pytest.raises(kind, match="not with this key") as caught:
        probe(store, "p")
    (key,) = store.objects
    assert f"The probe object {key} could not be deleted" in caught.value.message


class Forgetful(InMemoryStore):
    """Answers a deletion with success, and deletes nothing."""

    @override
    def delete(self, key: str) -> None:
        self._begin("delete", key)


class Forger(InMemoryStore):
    """Keeps other bytes than it is given."""

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        super().put(source, key, headers, control)
        self.objects[key] = KeptObject(bytes(len(self.objects[key].content)), headers)


class Slow(InMemoryStore):
    """Takes longer for a put than a start can wait."""

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        left = control.seconds_left()
        assert left is not None
        assert left <= 10.0
        super().put(source, key, headers, attrs.evolve(control, deadline=control.clock()))


def test_a_deletion_without_effect_is_named() -> None:
    store = Forgetful()
    with pytest.raises(StorageAuth, match="not delete") as caught:
        probe(store, "p")
    (key,) = store.objects
    assert key in caught.value.message


def test_other_bytes_than_were_written_are_found() -> None:
    store = Forger()
    with pytest.raises(StorageUnavailable, match="other bytes"):
        probe(store, "p")
    assert store.objects == {}


def test_a_put_that_takes_too_long_is_a_store_that_does_not_answer() -> None:
    with pytest.raises(StorageUnavailable, match="within 10 seconds") as caught:
        probe(Slow(), "p")
    assert isinstance(caught.value.__cause__, DeadlineExceeded)
