"""Videos that were fetched, for tests of what is decoded of them."""

from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt

from adapters.media.reader import MediaReader
from application.job_control import JobControl
from domain.source_media import FrameWindow, SourceVideo, VideoUrl
from tests.support.http_server import Reply, serving
from tests.support.media_fetchers import fetcher_of

Pixels = npt.NDArray[np.uint8]


@attrs.frozen
class Given:
    """A fetched video, and what can be asked of it."""

    reader: MediaReader
    video: SourceVideo

    def frames(self, window: FrameWindow) -> Pixels:
        chunks = fetcher_of(self.reader).frames(self.video, window, JobControl())
        pixels = np.frombuffer(b"".join(chunks), np.uint8)
        return pixels.reshape(window.frames, window.size.height, window.size.width, 3)

    def all(self) -> Pixels:
        return self.frames(self.video.window(0, self.video.frames))


def given(reader: MediaReader, folder: Path, data: bytes) -> Given:
    with serving({"/clip": Reply(body=data)}) as server:
        return Given(reader, fetcher_of(reader).video(VideoUrl(server.url("/clip")), folder, JobControl()))


def same(found: Pixels, expected: list[Pixels]) -> bool:
    return len(found) == len(expected) and all(map(np.array_equal, found, expected))
