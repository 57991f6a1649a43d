"""Workers that share an outbox."""

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.object_store.outbox import OutboxStore
from adapters.object_store.outbox_folder import OutboxFolder
from application.ports.object_store import ObjectHeaders
from domain.errors import StoragePending, StorageUnavailable
from tests.contract.object_store_contract import HEADERS, KEY, NO_DEADLINE, written
from tests.fakes.object_store import InMemoryStore

RICH = ObjectHeaders(content_type="video/mp4", sha256="ab" * 32, cache_seconds=5, metadata={"a": "b"})
GONE = StorageUnavailable("no answer")
SECOND = 1_000_000_000


class World:
    """Workers that share an outbox, and a store. `now` is in seconds; each look at the folder's clock takes 1 µs."""

    def __init__(self, folder: Path) -> None:
        self.files = folder
        self.root = folder / "outbox"
        self.inner = InMemoryStore()
        self.now = 1_768_305_600.0
        self._ticks = itertools.count(step=1000)
        self.store = self.worker()

    def worker(self, sync: Any = os.fsync, inner: InMemoryStore | None = None) -> OutboxStore:
        folder = OutboxFolder(self.root, clock=lambda: int(self.now) * SECOND + next(self._ticks), sync=sync)
        return OutboxStore(inner or self.inner, folder, clock=lambda: self.now)

    def put(self, key: str = KEY, size: int = 10, headers: ObjectHeaders = HEADERS) -> bytes:
        source = written(self.files, size)
        self.store.put(source, key, headers, NO_DEADLINE)
        return source.read_bytes()

    def kept(self, key: str = KEY, size: int = 10, headers: ObjectHeaders = HEADERS) -> bytes:
        """Put while the store is down, and bring it up again."""
        self.inner.broken = GONE
        with pytest.raises(StoragePending):
            self.put(key, size, headers)
        self.inner.broken = None
        self.inner.calls.clear()
        self.now += 60
        return written(self.files, size).read_bytes()

    def entries(self, state: str = "") -> list[str]:
        return sorted(path.name for path in self.root.glob(f"{state}*"))

    @property
    def delivered(self) -> list[str]:
        return [key for method, key in self.inner.calls if method == "put"]
