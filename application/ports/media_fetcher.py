"""The way of input videos and sounds into a job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from application.job_control import JobControl
from domain.clip import Audio
from domain.source_media import (
    AudioReference,
    FrameWindow,
    SampleWindow,
    SourceAudio,
    SourceVideo,
    VideoReference,
)


class MediaFetcher(Protocol):
    """Fetches what a request refers to into the job's folder, and decodes it piece by piece.

    The only door for videos and sounds from strangers. Nothing is kept between calls but the file: it belongs to the
    folder, and what was fetched is of use as long as that is there. Messages name the request's field
    (`reference.path`). Every method may raise:

        InputRefused: forbidden (scheme, address, size, format, codec, or what takes too long).
        InputUnreadable: damaged, cut off, or not decoded within the limits.
        Cancelled, DeadlineExceeded: from `control.check()`.
    """

    __slots__ = ()

    def video(self, reference: VideoReference, folder: Path, control: JobControl) -> SourceVideo:
        """The video behind `reference`, fetched to a new file in `folder`, which exists.

        Of several streams, the first of pictures and the first of sound. A file that fails is removed.

        Raises:
            InputUnavailable: its host did not deliver in time.
            InputUnreadable: also without pictures.
            DiskFull: there is no room for it.
        """

    def audio(self, reference: AudioReference, folder: Path, control: JobControl) -> SourceAudio:
        """The sound behind `reference`, as `video`; pictures beside it do not count.

        Raises:
            InputUnavailable, DiskFull: as `video`.
            InputUnreadable: also without sound.
        """

    def frames(self, video: SourceVideo, window: FrameWindow, control: JobControl) -> Iterator[memoryview]:
        """The frames of `window`, upright, uint8 RGB, height x width x 3 bytes each, rows from the top.

        Each chunk is C-contiguous and read-only, of one or several whole frames, `window.frames` in all; it is the
        caller's to keep, and memory is taken for one chunk at a time where he does not.

        At the video's own rate and size (`video.window`) these are the frames of the file, each exactly once where the
        rate is constant, and not resampled. At another rate each is the latest frame that has begun by then. At
        another size it is scaled to cover it, and cropped at the centre.
        """

    def samples(self, audio: SourceAudio, window: SampleWindow, control: JobControl) -> Audio:
        """The sound of `window`: exactly `window.samples` of each channel, resampled where the rate is another.

        At its own rate and number of channels these are the samples of the file. One channel becomes two equal ones,
        two become their mean, more are mixed down without exceeding full scale.
        """
