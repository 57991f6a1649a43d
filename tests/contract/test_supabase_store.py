import socket
from collections.abc import Iterator

import pytest
from typing_extensions import override

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import SupabaseStore
from application.ports.object_store import ObjectStore
from domain.errors import StorageAuth, StorageBucket, StorageUnavailable, WorkerError
from domain.secret import Secret
from tests.contract.object_store_contract import ObjectStoreContract, Unusable
from tests.support.supabase_server import SupabaseServer

QUICK = RetryPolicy(attempts=3, seconds=2.0, wait_initial=0.01, wait_max=0.05)


@pytest.fixture
def server() -> Iterator[SupabaseServer]:
    with SupabaseServer() as server:
        yield server


class TestSupabaseStore(ObjectStoreContract):
    @pytest.fixture(params=["private bucket", "public bucket"])
    @override
    def store(self, request: pytest.FixtureRequest, server: SupabaseServer) -> Iterator[ObjectStore]:
        public = request.param == "public bucket"
        server.buckets[server.bucket].public = public
        config = SupabaseConfig(url=server.url, key=Secret(server.key), bucket=server.bucket, public=public)
        store = SupabaseStore(config, policy=QUICK)
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
        store = SupabaseStore(SupabaseConfig(url=url, key=Secret(key), bucket=bucket), policy=QUICK)
        hidden = tuple(text for text in (key.strip(), server.url, url, "127.0.0.1", "/storage/v1") if text)
        yield Unusable(store=store, on_check=on_check, on_put=on_put, hidden=hidden)
        store.close()


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
