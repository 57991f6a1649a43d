"""A store and a server for it."""

from collections.abc import Iterator

import pytest

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import SupabaseStore
from domain.secret import Secret
from tests.support.supabase_server import SupabaseServer


@pytest.fixture
def server() -> Iterator[SupabaseServer]:
    with SupabaseServer() as server:
        yield server


@pytest.fixture
def config(server: SupabaseServer) -> SupabaseConfig:
    return SupabaseConfig(url=server.url, key=Secret(server.key), bucket=server.bucket)


@pytest.fixture
def store(config: SupabaseConfig, policy: RetryPolicy) -> Iterator[SupabaseStore]:
    store = SupabaseStore(config, policy=policy)
    yield store
    store.close()


@pytest.fixture
def policy() -> RetryPolicy:
    """Of `store`."""
    return RetryPolicy(attempts=4, seconds=5.0, wait_initial=0.01, wait_max=0.05)
