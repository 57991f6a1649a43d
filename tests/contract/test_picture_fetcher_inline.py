"""The real fetcher keeps the port's promise for pictures that come with the request, wherever it decodes them."""

import base64

import pytest
from typing_extensions import override

from adapters.http.client import GuardedClient
from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import InProcessDecoder, PictureDecoder, SandboxedDecoder
from adapters.image_fetcher.fetcher import PictureFetcher
from adapters.sandbox.sandbox import Sandbox
from domain.requests import ImageReference, InlineImage
from tests.contract.image_fetcher_contract import FIELD, ImageFetcherContract
from tests.support.pictures import encoded, two_halves


class TestPictureFetcherInline(ImageFetcherContract):
    @override
    def fetcher(self) -> PictureFetcher:
        return PictureFetcher(client=GuardedClient(), decoder=self.decoder(), limits=ImageLimits(max_bytes=1000))

    def decoder(self) -> PictureDecoder:
        return InProcessDecoder()

    @override
    def good(self) -> ImageReference:
        return InlineImage(_base64(encoded(two_halves())), FIELD)

    @override
    def refused(self) -> ImageReference:
        return InlineImage(_base64(b"\x89PNG\r\n\x1a\n" + bytes(993)), FIELD)

    @override
    def unreadable(self) -> ImageReference:
        return InlineImage(_base64(b"no picture at all"), FIELD)


class TestSandboxedPictureFetcherInline(TestPictureFetcherInline):
    @pytest.fixture(autouse=True)
    def _sandbox(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @override
    def decoder(self) -> PictureDecoder:
        return SandboxedDecoder(self.sandbox)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
