"""The ImageFetcher of production."""

from typing import assert_never

import attrs
from typing_extensions import override

from adapters.http.client import GuardedClient
from adapters.http.faults import at_field
from adapters.http.stored import NO_PREFIX, StoredInputs
from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import PictureDecoder
from adapters.image_fetcher.inline import decode_base64
from application.job_control import JobControl
from application.ports.image_fetcher import ImageFetcher
from domain.clip import Picture
from domain.errors import InputRefused
from domain.requests import ImageReference, ImageUrl, InlineImage, StoredImage


@attrs.frozen(kw_only=True, eq=False)
class PictureFetcher(ImageFetcher):
    """Downloads through the guard, reads from the store, or takes what came with the request; decodes all alike.

    `stored` None: no picture is taken from the store.
    """

    client: GuardedClient
    decoder: PictureDecoder
    limits: ImageLimits = ImageLimits()
    stored: StoredInputs | None = None

    @override
    def fetch(self, reference: ImageReference, control: JobControl) -> Picture:
        data = self._read(reference, control)
        control.check()
        return self.decoder.decode(data, reference.path, self.limits, control)

    def _read(self, reference: ImageReference, control: JobControl) -> bytes:
        match reference:
            case ImageUrl(url, path):
                limits = self.limits
                return self.client.get(
                    url, path=path, max_bytes=limits.max_bytes, seconds=limits.seconds, control=control
                )
            case InlineImage(text, path):
                return decode_base64(text, path, self.limits.max_bytes)
            case StoredImage():
                if self.stored is None:
                    raise at_field(InputRefused, reference.path, NO_PREFIX)
                return self.stored.read(reference, self.limits.max_bytes)
            case _ as never:
                assert_never(never)
