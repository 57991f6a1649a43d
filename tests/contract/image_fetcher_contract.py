"""What every ImageFetcher does. A subclass brings the fetcher and references that show each case."""

from abc import ABC, abstractmethod

import pytest

from application.job_control import JobControl
from application.ports.image_fetcher import ImageFetcher
from domain.errors import DeadlineExceeded, InputRefused, InputUnavailable, InputUnreadable, WorkerError
from domain.geometry import Resolution
from domain.requests import ImageReference

FIELD = "keyframes[2].image"
"""The references' `path`: not the default one, so that a message that has it got it from the reference."""
SIZE = Resolution(4, 2)
PIXELS = (b"\xff\x00\x00" * 2 + b"\x00\x00\xff" * 2) * 2
"""The good picture: two rows of two red and two blue pixels."""


class ImageFetcherContract(ABC):
    """The cases that inline pictures have too. Each reference's path is FIELD."""

    @abstractmethod
    def fetcher(self) -> ImageFetcher:
        """The fetcher under test; called within the test."""

    @abstractmethod
    def good(self) -> ImageReference:
        """Refers to the good picture."""

    @abstractmethod
    def refused(self) -> ImageReference:
        """Refers to something forbidden."""

    @abstractmethod
    def unreadable(self) -> ImageReference:
        """Refers to something that is no whole picture."""

    def test_a_picture_is_uint8_rgb_from_the_top_without_padding(self) -> None:
        picture = self.fetcher().fetch(self.good(), JobControl())
        assert picture.resolution == SIZE
        assert picture.pixels.format == "B"
        assert picture.pixels.c_contiguous
        assert picture.pixels.tobytes() == PIXELS

    def test_each_fetch_has_a_buffer_of_its_own(self) -> None:
        fetcher = self.fetcher()
        first = fetcher.fetch(self.good(), JobControl())
        second = fetcher.fetch(self.good(), JobControl())
        first.pixels.release()
        assert second.pixels.tobytes() == PIXELS
        assert fetcher.fetch(self.good(), JobControl()).pixels.tobytes() == PIXELS

    def test_what_is_forbidden_is_refused(self) -> None:
        self._fails_with(InputRefused, self.refused())

    def test_what_is_no_picture_is_unreadable(self) -> None:
        self._fails_with(InputUnreadable, self.unreadable())

    def test_a_failure_leaves_nothing_behind(self) -> None:
        fetcher = self.fetcher()
        with pytest.raises(InputUnreadable):
            fetcher.fetch(self.unreadable(), JobControl())
        assert fetcher.fetch(self.good(), JobControl()).pixels.tobytes() == PIXELS

    def test_a_job_without_time_left_fetches_nothing(self) -> None:
        control = JobControl(deadline=10.0, clock=lambda: 10.0)
        with pytest.raises(DeadlineExceeded):
            self.fetcher().fetch(self.good(), control)

    def _fails_with(self, error: type[WorkerError], reference: ImageReference) -> None:
        with pytest.raises(error) as caught:
            self.fetcher().fetch(reference, JobControl())
        assert type(caught.value) is error
        assert caught.value.message.startswith(f"{FIELD} ")
        assert [fault.path for fault in caught.value.faults] == [FIELD]


class RemoteImageFetcherContract(ImageFetcherContract):
    """The cases of pictures that lie elsewhere."""

    @abstractmethod
    def unavailable(self) -> ImageReference:
        """Refers to something that its host does not deliver."""

    def test_what_is_not_delivered_is_unavailable(self) -> None:
        self._fails_with(InputUnavailable, self.unavailable())
