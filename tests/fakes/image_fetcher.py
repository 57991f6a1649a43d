"""A fetcher without network and decoder."""

from collections.abc import Mapping
from typing import assert_never

from typing_extensions import override

from application.job_control import JobControl
from application.ports.image_fetcher import ImageFetcher
from domain.clip import Picture
from domain.errors import Fault, InputRefused, InputUnavailable, InputUnreadable
from domain.geometry import Resolution
from domain.requests import ImageReference, ImageUrl, InlineImage, StoredImage

FetchFault = type[InputRefused] | type[InputUnavailable] | type[InputUnreadable]


class FakeImageFetcher(ImageFetcher):
    """Hands out `pictures` by the URL, the base64 text or the key of a reference, each time in a buffer of its own.

    `faults` come first: the error class under a reference's text is raised, about the reference's field. A text that
    is in neither is a host that does not deliver, or base64 that is no picture.
    `fetched` lists every reference that was asked for, in order, the failed ones too. An expired `control` ends a
    fetch before it is listed.
    """

    def __init__(
        self, pictures: Mapping[str, Picture] | None = None, faults: Mapping[str, FetchFault] | None = None
    ) -> None:
        self.pictures = dict(pictures or {})
        self.faults = dict(faults or {})
        self.fetched: list[ImageReference] = []

    @override
    def fetch(self, reference: ImageReference, control: JobControl) -> Picture:
        control.check()
        self.fetched.append(reference)
        text = _text(reference)
        fault = self.faults.get(text)
        if fault is None and text not in self.pictures:
            fault = InputUnreadable if isinstance(reference, InlineImage) else InputUnavailable
        if fault is not None:
            detail = Fault(reference.path, "is made to fail")
            raise fault(str(detail), faults=(detail,))
        picture = self.pictures[text]
        return Picture(picture.resolution, memoryview(picture.pixels.tobytes()))


def _text(reference: ImageReference) -> str:
    match reference:
        case ImageUrl():
            return reference.url
        case InlineImage():
            return reference.base64
        case StoredImage():
            return reference.object.key
        case _ as never:
            assert_never(never)


def plain_picture(width: int = 4, height: int = 2, colour: tuple[int, int, int] = (255, 0, 0)) -> Picture:
    """A picture of one colour."""
    return Picture(Resolution(width, height), memoryview(bytes(colour) * (width * height)))
