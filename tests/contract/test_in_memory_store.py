import datetime as dt
from pathlib import Path

import pytest
from typing_extensions import override

from application.ports.object_store import ObjectStore
from domain.errors import ObjectMissing, StorageAuth, StorageBucket, StorageUnavailable, WorkerError
from tests.contract.object_store_contract import (
    HEADERS,
    KEY,
    NO_DEADLINE,
    ObjectStoreContract,
    Unusable,
    written,
)
from tests.contract.object_store_faults_contract import ObjectStoreOutageContract, Outage
from tests.fakes.object_store import InMemoryStore


class TestInMemoryStore(ObjectStoreContract):
    @pytest.fixture(params=[False, True], ids=["private", "public"])
    @override
    def store(self, request: pytest.FixtureRequest) -> ObjectStore:
        return InMemoryStore(public=request.param)

    @pytest.fixture(params=[StorageAuth, StorageBucket, StorageUnavailable])
    @override
    def unusable(self, request: pytest.FixtureRequest) -> Unusable:
        error: type[WorkerError] = request.param
        store = InMemoryStore()
        store.broken = error("out of order")
        return Unusable(store=store, on_check=error, on_put=error, hidden=())

    @override
    def fetch(self, store: ObjectStore, url: str) -> bytes:
        assert isinstance(store, InMemoryStore)
        return store.fetch(url)


class TestInMemoryOutage(ObjectStoreOutageContract):
    @pytest.fixture
    @override
    def outage(self) -> Outage:
        store = InMemoryStore()
        error = StorageUnavailable("out of order")
        return Outage(
            store=store, begin=lambda: setattr(store, "broken", error), end=lambda: setattr(store, "broken", None)
        )


def test_queued_errors_are_raised_once_each_and_leave_the_store_as_it_was(tmp_path: Path) -> None:
    store, source = InMemoryStore(), written(tmp_path, 10)
    store.fail("put", StorageUnavailable("one"), StorageAuth("two"))
    with pytest.raises(StorageUnavailable, match="one"):
        store.put(source, KEY, HEADERS, NO_DEADLINE)
    with pytest.raises(StorageAuth, match="two"):
        store.put(source, KEY, HEADERS, NO_DEADLINE)
    assert store.objects == {}
    store.put(source, KEY, HEADERS, NO_DEADLINE)
    assert store.objects[KEY].content == source.read_bytes()
    assert store.calls == [("put", KEY)] * 3


def test_a_signed_url_ends_with_its_hour(tmp_path: Path) -> None:
    now = [dt.datetime(2026, 1, 13, tzinfo=dt.UTC)]
    store = InMemoryStore(clock=lambda: now[0])
    store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
    signed = store.url(KEY)
    now[0] += dt.timedelta(hours=1)
    assert signed.expires_at == now[0]
    with pytest.raises(ObjectMissing, match="expired"):
        store.fetch(signed.url)
