"""A clip that comes out larger than the size that was asked to be generated."""

from typing import TYPE_CHECKING, Final

import attrs

from domain.errors import Fault, InvalidInput, InvalidValue
from domain.geometry import MAX_SIDE, Resolution

if TYPE_CHECKING:  # requests know these values
    from domain.requests import GenerationRequest

FACTOR: Final = 2
"""What a latent upsampler does in each direction."""


@attrs.frozen
class Upscale:
    """By how much the finished clip is wider and higher than the size that is asked for: 2."""

    factor: int

    def __attrs_post_init__(self) -> None:
        if self.factor != FACTOR:
            message = f"must be {FACTOR} or null, got {self.factor}"
            raise InvalidValue(message)


def upscaled(size: Resolution, upscale: Upscale | None) -> Resolution:
    """The size of the finished clip, where `size` is asked to be generated."""
    factor = 1 if upscale is None else upscale.factor
    return Resolution(size.width * factor, size.height * factor)


def before(finished: Resolution, upscale: Upscale | None) -> Resolution:
    """The size to ask for, to get at most `finished`."""
    factor = 1 if upscale is None else upscale.factor
    return Resolution(finished.width // factor, finished.height // factor)


def refuse_upscaling(request: "GenerationRequest") -> None:
    """Refuse a finished clip with sides that no clip can have, and one whose frames are partly the source's.

    Raises:
        InvalidInput: with all faults.
    """
    if request.upscale is None:
        return
    faults = []
    if request.splices:
        message = f"must be left out in mode {request.mode}: frames of the source stay as large as they are"
        faults.append(Fault("upscale", message))
    most, asked = MAX_SIDE // request.upscale.factor, (request.width.pixels, request.height.pixels)
    if max(asked) > most:
        path, *others = request.given_as.size_fields
        joined = "".join(f"x {other} " for other in others)
        message = f"{joined}must be at most {most} a side with upscale {request.upscale.factor}, got {_size(request)}"
        faults.append(Fault(path, message))
    if faults:
        raise InvalidInput(tuple(faults))


def _size(request: "GenerationRequest") -> Resolution:
    return before(request.geometry.resolution, request.upscale)
