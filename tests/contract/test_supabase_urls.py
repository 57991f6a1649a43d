"""The URLs that the Supabase stand-in signs."""

import datetime as dt
import time
from collections.abc import Iterator

import pytest
from typing_extensions import override

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.supabase import SupabaseStore
from domain.secret import Secret
from tests.contract.object_store_urls_contract import LIFETIME, ObjectStoreUrlsContract, Signing
from tests.support.supabase_server import SupabaseServer


class Clock:
    """The time of store and server; it only moves when somebody waits."""

    def __init__(self) -> None:
        self.seconds = float(int(time.time()))

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def read(self) -> float:
        return self.seconds

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.seconds, dt.UTC)


class TestSupabaseUrls(ObjectStoreUrlsContract):
    shows = frozenset({"content-type"})  # Storage sends no Cache-Control with what is signed

    @pytest.fixture
    @override
    def signing(self) -> Iterator[Signing]:
        clock = Clock()
        with SupabaseServer(clock=clock.read) as server:
            config = SupabaseConfig(
                url=server.url, key=Secret(server.key), bucket=server.bucket, signed_url_seconds=LIFETIME
            )
            store = SupabaseStore(config, clock=clock.now)
            yield Signing(store=store, wait=clock.wait, now=clock.now)
            store.close()
