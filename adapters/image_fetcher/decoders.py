"""Where pictures are decoded: in this process, or in a child that may crash."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import attrs
from typing_extensions import override

from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoding import decode_picture
from adapters.sandbox.config import SandboxLimits
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl
from domain.clip import Picture
from domain.geometry import Resolution

_CHILD: Final = "adapters.image_fetcher.child"


class PictureDecoder(Protocol):
    """Makes a picture of bytes from a stranger."""

    __slots__ = ()

    def decode(self, data: bytes, path: str, limits: ImageLimits, control: JobControl) -> Picture:
        """As `decode_picture`. Raises also what `control.check()` raises."""


@attrs.frozen(eq=False)
class InProcessDecoder(PictureDecoder):
    """For tests of something else: what crashes a decoder ends the process."""

    @override
    def decode(self, data: bytes, path: str, limits: ImageLimits, control: JobControl) -> Picture:
        return decode_picture(data, path, limits)


@attrs.frozen(eq=False)
class SandboxedDecoder(PictureDecoder):
    """The decoder of production: a picture that crashes the decoder, or takes too long or too much, is unreadable."""

    sandbox: Sandbox

    @override
    def decode(self, data: bytes, path: str, limits: ImageLimits, control: JobControl) -> Picture:
        def accept(fields: Mapping[str, Any], pixels: memoryview) -> Picture:
            return _checked(fields, pixels, limits)

        arguments = attrs.asdict(limits)
        return self.sandbox.run("decode", data, arguments, accept, path=path, control=control)


def picture_sandbox(limits: ImageLimits) -> Sandbox:
    """A sandbox for pictures within `limits`. It has not started yet."""
    return Sandbox(module=_CHILD, limits=SandboxLimits(output_bytes=3 * limits.max_pixels))


def _checked(fields: Mapping[str, Any], pixels: memoryview, limits: ImageLimits) -> Picture:
    """The child's claim, if it can be true. Raises ValueError."""
    match fields:
        case {"width": int() as width, "height": int() as height, **rest} if (
            not rest
            and type(width) is type(height) is int  # True is an int as well
            and min(width, height) >= 1
            and max(width, height) <= limits.max_side
            and width * height <= limits.max_pixels
            and width * height * 3 == len(pixels)
        ):
            return Picture(Resolution(width, height), pixels)
        case _:
            message = "no picture"
            raise ValueError(message)
