"""The fake keeps the port's promise."""

import pytest
from typing_extensions import override

from application.job_control import JobControl
from domain.clip import Picture
from domain.errors import InputRefused, InputUnavailable, InputUnreadable
from domain.requests import ImageReference, ImageUrl, InlineImage
from tests.contract.image_fetcher_contract import FIELD, PIXELS, SIZE, RemoteImageFetcherContract
from tests.fakes.image_fetcher import FakeImageFetcher, plain_picture


class TestFakeImageFetcher(RemoteImageFetcherContract):
    @override
    def fetcher(self) -> FakeImageFetcher:
        return FakeImageFetcher(
            pictures={"good": Picture(SIZE, memoryview(PIXELS))},
            faults={"refused": InputRefused, "broken": InputUnreadable},
        )

    @override
    def good(self) -> ImageReference:
        return ImageUrl("good", FIELD)

    @override
    def refused(self) -> ImageReference:
        return ImageUrl("refused", FIELD)

    @override
    def unreadable(self) -> ImageReference:
        return ImageUrl("broken", FIELD)

    @override
    def unavailable(self) -> ImageReference:
        return ImageUrl("nowhere", FIELD)

    def test_it_lists_what_was_asked_for(self) -> None:
        fetcher = FakeImageFetcher({"text": plain_picture()})
        fetcher.fetch(InlineImage("text"), JobControl())
        with pytest.raises(InputUnavailable):
            fetcher.fetch(ImageUrl("nowhere"), JobControl())
        with pytest.raises(InputUnreadable):
            fetcher.fetch(InlineImage("nothing"), JobControl())
        assert fetcher.fetched == [InlineImage("text"), ImageUrl("nowhere"), InlineImage("nothing")]
