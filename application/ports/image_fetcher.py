"""The way of input pictures into a job."""

from typing import Protocol

from application.job_control import JobControl
from domain.clip import Picture
from domain.requests import ImageReference


class ImageFetcher(Protocol):
    """Fetches and decodes what a request refers to. The only door for pictures from strangers."""

    __slots__ = ()

    def fetch(self, reference: ImageReference, control: JobControl) -> Picture:
        """The picture behind `reference`: upright, alpha flattened, first frame only, RGB.

        The buffer of the result is the caller's. Messages name the request's field (`reference.path`).

        Raises:
            InputRefused: the URL or the file is forbidden (scheme, address, size, format, pixels).
            InputUnavailable: its host did not deliver in time.
            InputUnreadable: the bytes are no whole picture.
            Cancelled, DeadlineExceeded: from `control.check()`.
        """
