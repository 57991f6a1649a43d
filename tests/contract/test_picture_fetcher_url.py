"""The real fetcher and a real server keep the port's promise, wherever the pictures are decoded."""

from collections.abc import Iterator

import pytest
from typing_extensions import override

from adapters.http.client import GuardedClient
from adapters.http.config import HttpConfig
from adapters.image_fetcher.decoders import InProcessDecoder, PictureDecoder, SandboxedDecoder
from adapters.image_fetcher.fetcher import PictureFetcher
from adapters.sandbox.sandbox import Sandbox
from domain.requests import ImageReference, ImageUrl
from tests.contract.image_fetcher_contract import FIELD, RemoteImageFetcherContract
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.pictures import encoded, two_halves

REPLIES = {
    "/good.png": Reply(body=encoded(two_halves()), headers={"Content-Type": "text/html"}),
    "/broken.png": Reply(body=encoded(two_halves())[:-30]),
}


class TestPictureFetcherUrl(RemoteImageFetcherContract):
    server: HttpServer

    @pytest.fixture(autouse=True)
    def _serve(self) -> Iterator[None]:
        with serving(REPLIES) as self.server:
            yield

    @override
    def fetcher(self) -> PictureFetcher:
        client = GuardedClient(config=HttpConfig(private_hosts=frozenset({"127.0.0.1"})))
        return PictureFetcher(client=client, decoder=self.decoder())

    def decoder(self) -> PictureDecoder:
        return InProcessDecoder()

    @override
    def good(self) -> ImageReference:
        return ImageUrl(self.server.url("/good.png"), FIELD)

    @override
    def refused(self) -> ImageReference:
        return ImageUrl("https://169.254.169.254/latest/meta-data", FIELD)

    @override
    def unreadable(self) -> ImageReference:
        return ImageUrl(self.server.url("/broken.png"), FIELD)

    @override
    def unavailable(self) -> ImageReference:
        return ImageUrl(self.server.url("/missing.png"), FIELD)


class TestSandboxedPictureFetcherUrl(TestPictureFetcherUrl):
    @pytest.fixture(autouse=True)
    def _sandbox(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @override
    def decoder(self) -> PictureDecoder:
        return SandboxedDecoder(self.sandbox)
