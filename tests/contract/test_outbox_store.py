"""A store behind an outbox keeps all promises of a store."""

from pathlib import Path

import pytest
from typing_extensions import override

from adapters.object_store.config import LocalConfig
from adapters.object_store.local import LocalStore
from adapters.object_store.outbox import OutboxStore
from adapters.object_store.outbox_folder import OutboxFolder
from application.ports.object_store import ObjectStore
from domain.errors import StorageAuth, StorageBucket, StoragePending, StorageUnavailable, WorkerError
from tests.contract.object_store_contract import ObjectStoreContract, Unusable
from tests.fakes.object_store import InMemoryStore


@pytest.fixture
def outbox(tmp_path: Path) -> OutboxFolder:
    return OutboxFolder(tmp_path / "outbox")


class TestOutboxOverMemory(ObjectStoreContract):
    @pytest.fixture(params=[False, True], ids=["private", "public"])
    @override
    def store(self, request: pytest.FixtureRequest, outbox: OutboxFolder) -> ObjectStore:
        self.inner = InMemoryStore(public=request.param)
        return OutboxStore(self.inner, outbox)

    @pytest.fixture(
        params=[(StorageAuth, StorageAuth), (StorageBucket, StorageBucket), (StorageUnavailable, StoragePending)]
    )
    @override
    def unusable(self, request: pytest.FixtureRequest, outbox: OutboxFolder, tmp_path: Path) -> Unusable:
        error: type[WorkerError]
        on_put: type[WorkerError]
        error, on_put = request.param
        inner = InMemoryStore()
        inner.broken = error("out of order")
        hidden = (str(tmp_path), "outbox/")
        return Unusable(store=OutboxStore(inner, outbox), on_check=error, on_put=on_put, hidden=hidden)

    @override
    def fetch(self, store: ObjectStore, url: str) -> bytes:
        return self.inner.fetch(url)


class TestOutboxOverLocal(ObjectStoreContract):
    @pytest.fixture
    @override
    def store(self, outbox: OutboxFolder, tmp_path: Path) -> ObjectStore:
        return OutboxStore(LocalStore(LocalConfig(root=tmp_path / "store")), outbox)

    @pytest.fixture
    @override
    def unusable(self, outbox: OutboxFolder, tmp_path: Path) -> Unusable:
        (tmp_path / "file").touch()
        inner = LocalStore(LocalConfig(root=tmp_path / "file"))
        return Unusable(
            store=OutboxStore(inner, outbox), on_check=StorageBucket, on_put=StorageBucket, hidden=(str(tmp_path),)
        )


class TestNoOutbox(ObjectStoreContract):
    @pytest.fixture
    @override
    def store(self) -> ObjectStore:
        self.inner = InMemoryStore()
        return OutboxStore(self.inner, None)

    @pytest.fixture
    @override
    def unusable(self) -> Unusable:
        inner = InMemoryStore()
        inner.broken = StorageUnavailable("out of order")
        store = OutboxStore(inner, None)
        return Unusable(store=store, on_check=StorageUnavailable, on_put=StorageUnavailable, hidden=())

    @override
    def fetch(self, store: ObjectStore, url: str) -> bytes:
        return self.inner.fetch(url)
