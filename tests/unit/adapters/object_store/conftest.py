"""A store and a server for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import SupabaseStore
from domain.secret import Secret
from tests.contract.object_store_contract import written
from tests.support.resumable import LARGE
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


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that goes through Supabase's resumable door; only read."""
    return written(tmp_path_factory.mktemp("large"), LARGE)
