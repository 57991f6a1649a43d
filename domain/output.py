"""The file that a caller asks for, and its poster: what goes together."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from domain.conditions import FIRST_FRAME, FramePosition
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.geometry import FrameRate
from domain.media import GIF, MAX_GIF_FPS, OutputFormat
from domain.naming import FileName
from domain.targets import UploadUrl

if TYPE_CHECKING:  # requests know these values
    from domain.requests import GenerationRequest


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
) -> Iterator[Fault]:
    """What cannot be together, whatever the clip. None: left out, or wrong for a reason of its own."""
    if file_name is not None and not file_name.name.endswith(output_format.suffix):
        yield Fault("file_name", f"must end in {output_format.suffix} with output_format {output_format.name}")
    if output_format == GIF and fps is not None and fps.rate > MAX_GIF_FPS:
        yield Fault("fps", f"must be at most {MAX_GIF_FPS} with output_format gif, got {fps.number}")
    if poster is not None and not output_format.has_picture:
        yield Fault("poster", f"must be left out with output_format {output_format.name}, which shows nothing")
    if poster is not None and upload_url is not None:
        yield Fault("poster", "must be left out with upload_url: the URL takes one file, the clip (s3Config takes two)")


def refuse_output(request: "GenerationRequest") -> None:
    """Refuse a file, or a poster, that the clip cannot be. A length that is not known yet is not looked at.

    Raises:
        InvalidInput: with all faults.
    """
    faults = [
        *output_faults(
            output_format=request.output_format,
            file_name=request.file_name,
            fps=request.fps,
            poster=request.poster,
            upload_url=request.upload_url,
        ),
        *_missing_frame(request),
    ]
    if faults:
        raise InvalidInput(tuple(faults))


def _missing_frame(request: "GenerationRequest") -> Iterator[Fault]:
    if request.poster is None or request.num_frames is None:
        return
    try:
        request.poster.frame.within(request.num_frames.frames)
    except InvalidValue as refused:
        yield Fault("poster", refused.message)
