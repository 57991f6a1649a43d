"""The file that a caller asks for, and its poster: what goes together."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import attrs

from domain.conditions import FIRST_FRAME, FramePosition
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.geometry import FrameRate
from domain.interpolation import Interpolation, rate_faults
from domain.media import GIF, MAX_GIF_FPS, OutputFormat
from domain.naming import FileName
from domain.sound import AudioChoice
from domain.targets import UploadUrl

if TYPE_CHECKING:  # requests know these values
    from domain.requests import GenerationRequest


MAX_OUTPUTS: Final = 8
"""Takes of one request; more are several jobs."""


@attrs.frozen
class OutputCount:
    """How many takes of a request are wanted, 1 … 8; each has a seed of its own."""

    number: int

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.number <= MAX_OUTPUTS:
            message = f"must be from 1 to {MAX_OUTPUTS}, got {self.number}"
            raise InvalidValue(message)


ONE_OUTPUT: Final = OutputCount(1)


@attrs.frozen
class Poster:
    """A frame of the clip that is wanted as a JPEG beside it."""

    frame: FramePosition = FIRST_FRAME


def output_faults(
    *,
    output_format: OutputFormat,
    file_name: FileName | None,
    fps: FrameRate | None,
    poster: Poster | None,
    upload_url: UploadUrl | None,
    num_outputs: OutputCount | None,
    audio: AudioChoice | None,
    interpolation: Interpolation | None,
) -> Iterator[Fault]:
    """What cannot be together, whatever the clip. None: left out, or wrong for a reason of its own."""
    if file_name is not None and not file_name.name.endswith(output_format.suffix):
        yield Fault("file_name", f"must end in {output_format.suffix} with output_format {output_format.name}")
    if output_format == GIF and fps is not None and fps.rate > MAX_GIF_FPS:
        yield Fault("fps", f"must be at most {MAX_GIF_FPS} with output_format gif, got {fps.number}")
    if interpolation is not None and fps is not None:
        yield from rate_faults(fps, interpolation, output_format)
    if audio == "off" and not output_format.has_picture:
        yield Fault("audio", f'must not be "off" with output_format {output_format.name}, which has nothing else')
    if poster is not None and not output_format.has_picture:
        yield Fault("poster", f"must be left out with output_format {output_format.name}, which shows nothing")
    if poster is not None and upload_url is not None:
        yield Fault("poster", "must be left out with upload_url: the URL takes one file, the clip (s3Config takes two)")
    if num_outputs not in {None, ONE_OUTPUT} and upload_url is not None:
        yield Fault("num_outputs", "must be 1 with upload_url: the URL takes one file (s3Config takes all of them)")


def refuse_output(request: "GenerationRequest", frames: int | None) -> None:
    """Refuse a file, or a poster, that the clip of so many frames cannot be; None: they are not known yet.

    Raises:
        InvalidInput: with all faults.
    """
    faults = [
        *output_faults(
            output_format=request.output_format,
            file_name=request.file_name,
            fps=None if frames is None and request.source is not None else request.fps,
            poster=request.poster,
            upload_url=request.upload_url,
            num_outputs=request.num_outputs,
            audio=request.audio,
            interpolation=request.interpolate,
        ),
        *_missing_frame(request.poster, frames),
    ]
    if faults:
        raise InvalidInput(tuple(faults))


def _missing_frame(poster: Poster | None, frames: int | None) -> Iterator[Fault]:
    if poster is None or frames is None:
        return
    try:
        poster.frame.within(frames)
    except InvalidValue as refused:
        yield Fault("poster", refused.message)
