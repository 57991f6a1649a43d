import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import RESUMABLE_ABOVE, SupabaseStore
from application.ports.object_store import ObjectStore
from domain.errors import DeadlineExceeded, StorageAuth, StorageBucket, StorageUnavailable, WorkerError
from domain.secret import Secret
from tests.contract.object_store_contract import (
    HEADERS,
    KEY,
    MIB,
    NO_DEADLINE,
    ObjectStoreContract,
    Unusable,
    Watcher,
    written,
)
from tests.support.supabase_server import SupabaseServer

QUICK = RetryPolicy(attempts=3, seconds=2.0, wait_initial=0.01, wait_max=0.05)


@pytest.fixture
def server() -> Iterator[SupabaseServer]:
    with SupabaseServer() as server:
        yield server


class TestSupabaseStore(ObjectStoreContract):
    """The suite's files are small: they take the plain door."""

    resumable_above = RESUMABLE_ABOVE

    @pytest.fixture(params=["private bucket", "public bucket"])
    @override
    def store(self, request: pytest.FixtureRequest, server: SupabaseServer) -> Iterator[ObjectStore]:
        public = request.param == "public bucket"
        server.buckets[server.bucket].public = public
        config = SupabaseConfig(url=server.url, key=Secret(server.key), bucket=server.bucket, public=public)
        store = SupabaseStore(config, policy=QUICK, resumable_above=self.resumable_above)
        yield store
        store.close()

    @pytest.fixture(
        params=["no key at all", "no JWT", "foreign", "expired", "unknown role", "unknown secret", "newline",
                "not ASCII", "anon", "no bucket", "nobody there", "another service"]
    )  # fmt: skip
    @override
    def unusable(self, request: pytest.FixtureRequest, server: SupabaseServer) -> Iterator[Unusable]:
        keys = {
            "no key at all": "",
            "no JWT": "garbage-of-a-key",
            "foreign": server.foreign_key,
            "expired": server.expired_key,
            "unknown role": server.key_of("janitor"),
            "unknown secret": "sb_secret_of_nobody",  # pragma: allowlist secret
            "newline": f"{server.key}\n",
            "not ASCII": f"{server.key}ü",
            "anon": server.key_of("anon"),
        }
        on_check: type[WorkerError] = StorageAuth
        on_put: type[WorkerError] = StorageAuth
        url, bucket = server.url, server.bucket
        if request.param == "anon":  # to such a key a bucket looks as if it were missing
            on_check = StorageBucket
        if request.param == "no bucket":
            on_check, on_put, bucket = StorageBucket, StorageBucket, "missing"
        if request.param == "nobody there":
            on_check, on_put, url = StorageUnavailable, StorageUnavailable, f"http://127.0.0.1:{free_port()}"
        if request.param == "another service":
            on_check, on_put, url = StorageUnavailable, StorageUnavailable, f"{server.url}/rest/v1"
        key = keys.get(request.param, server.key)
        config = SupabaseConfig(url=url, key=Secret(key), bucket=bucket)
        store = SupabaseStore(config, policy=QUICK, resumable_above=self.resumable_above)
        hidden = tuple(text for text in (key.strip(), server.url, url, "127.0.0.1", "/storage/v1") if text)
        yield Unusable(store=store, on_check=on_check, on_put=on_put, hidden=hidden)
        store.close()


class TestSupabaseStoreResumable(TestSupabaseStore):
    """The same files through the other door, and one that is large enough to take it by itself."""

    resumable_above = 0

    @pytest.fixture
    @override
    def store(self, server: SupabaseServer) -> Iterator[ObjectStore]:
        config = SupabaseConfig(url=server.url, key=Secret(server.key), bucket=server.bucket)
        store = SupabaseStore(config, policy=QUICK, resumable_above=self.resumable_above)
        yield store
        store.close()

    def test_the_resumable_door_is_taken(self, store: ObjectStore, server: SupabaseServer, tmp_path: Path) -> None:
        store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
        assert server.uploads.created == [10]

    @pytest.mark.parametrize("size", [6 * MIB + 1, 12 * MIB, 13 * MIB])
    def test_files_of_several_chunks(self, store: ObjectStore, tmp_path: Path, size: int) -> None:
        source = written(tmp_path, size)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert store.read(KEY, size) == source.read_bytes()

    def test_a_deadline_in_the_second_chunk_leaves_what_was_there(self, store: ObjectStore, tmp_path: Path) -> None:
        old = written(tmp_path, 1000)
        store.put(old, KEY, HEADERS, NO_DEADLINE)
        with pytest.raises(DeadlineExceeded):
            store.put(written(tmp_path, 13 * MIB), KEY, HEADERS, Watcher(deadline=7.0 * MIB).control)
        assert store.read(KEY, MIB) == old.read_bytes()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_private_bucket_that_is_configured_as_public_is_found_at_start(server: SupabaseServer) -> None:
    config = SupabaseConfig(url=server.url, key=Secret(server.key), bucket=server.bucket, public=True)
    store = SupabaseStore(config, policy=QUICK)
    with pytest.raises(StorageBucket, match="SUPABASE_PUBLIC"):
        store.check()
    server.buckets[server.bucket].public = True
    store.check()
    store.close()
