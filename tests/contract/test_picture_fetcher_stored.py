"""The real fetcher keeps the port's promise for pictures that lie in the store."""

from pathlib import Path

import pytest
from typing_extensions import override

from adapters.http.client import GuardedClient
from adapters.http.stored import StoredInputs
from adapters.image_fetcher.decoders import SandboxedDecoder
from adapters.image_fetcher.fetcher import PictureFetcher
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.naming import ObjectPath
from domain.requests import ImageReference, StoredImage
from tests.contract.image_fetcher_contract import FIELD, RemoteImageFetcherContract
from tests.fakes.object_store import InMemoryStore
from tests.support.pictures import encoded, two_halves

FILES = {"inputs/good.png": encoded(two_halves()), "inputs/broken.png": encoded(two_halves())[:-30]}


class TestPictureFetcherStored(RemoteImageFetcherContract):
    @pytest.fixture(autouse=True)
    def _world(self, sandbox: Sandbox, tmp_path: Path) -> None:
        self.sandbox = sandbox
        self.store = InMemoryStore()
        for key, content in FILES.items():
            (tmp_path / "file").write_bytes(content)
            self.store.put(tmp_path / "file", key, ObjectHeaders(content_type="image/png"), JobControl())

    @override
    def fetcher(self) -> PictureFetcher:
        stored = StoredInputs(self.store, "inputs")
        return PictureFetcher(client=GuardedClient(), decoder=SandboxedDecoder(self.sandbox), stored=stored)

    @override
    def good(self) -> ImageReference:
        return StoredImage(ObjectPath("inputs/good.png"), FIELD)

    @override
    def refused(self) -> ImageReference:
        return StoredImage(ObjectPath("outputs/good.png"), FIELD)

    @override
    def unreadable(self) -> ImageReference:
        return StoredImage(ObjectPath("inputs/broken.png"), FIELD)

    @override
    def unavailable(self) -> ImageReference:
        return StoredImage(ObjectPath("inputs/missing.png"), FIELD)
