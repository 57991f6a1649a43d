"""Supabase's adapter and a gateway that fails in front of Storage."""

from collections.abc import Iterator

import pytest
from typing_extensions import override

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase import SupabaseStore
from adapters.object_store.supabase_resumable import CHUNK
from application.ports.object_store import ObjectStore
from domain.secret import Secret
from tests.contract.object_store_faults_contract import Build, ObjectStoreFaultsContract
from tests.support.fault_proxy import Passed
from tests.support.supabase_server import SupabaseServer


class TestSupabaseFaults(ObjectStoreFaultsContract):
    sent_again_at_most = CHUNK
    heeds_retry_after = True

    @pytest.fixture
    def server(self) -> Iterator[SupabaseServer]:
        with SupabaseServer() as server:
            yield server

    @pytest.fixture
    @override
    def upstream(self, server: SupabaseServer) -> str:
        return server.url

    @pytest.fixture
    @override
    def build(self, server: SupabaseServer) -> Iterator[Build]:
        made: list[SupabaseStore] = []

        def build(url: str, policy: RetryPolicy) -> ObjectStore:
            config = SupabaseConfig(url=url, key=Secret(server.key), bucket=server.bucket)
            made.append(SupabaseStore(config, policy=policy))
            return made[-1]

        yield build
        for store in made:
            store.close()

    @override
    def finishes(self, request: Passed) -> bool:
        return request.method == "PATCH" and request.length < CHUNK
