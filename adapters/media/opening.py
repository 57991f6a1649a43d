"""The way of a file into FFmpeg's hands: judged first, then opened."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from av.container import InputContainer

from adapters.media.config import MediaLimits
from adapters.media.containers import HEAD_BYTES, MP4, Container, container_of
from adapters.media.faults import Excessive
from adapters.media.mp4_boxes import check_boxes
from adapters.media.source import Source
from adapters.media.streams import demuxed


@attrs.frozen(eq=False)
class OpenedMedia:
    """A file that may be demuxed. `rotation` is that of its pictures, in degrees clockwise."""

    container: Container
    rotation: int
    file: InputContainer


@contextmanager
def opened(source: Source, limits: MediaLimits) -> Iterator[OpenedMedia]:
    """`source`, from its beginning, closed afterwards.

    Raises av's errors and those of `faults`.
    """
    if source.size > limits.max_bytes:
        raise Excessive(must=f"be at most {limits.max_bytes} bytes")
    source.seek(0)
    container = container_of(source.read(HEAD_BYTES))
    rotation = check_boxes(source, limits) if container is MP4 else 0
    source.seek(0)
    with demuxed(source, container, limits) as file:
        yield OpenedMedia(container, rotation, file)
