"""Clips to files through PyAV: FFmpeg's codecs, in this process."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from typing_extensions import override

from adapters.encoder.config import EncoderConfig
from adapters.encoder.failures import vendor_failures
from adapters.encoder.jpeg import check_jpeg, write_jpeg
from adapters.encoder.rows import FORMATS
from adapters.encoder.target_file import TargetFile
from adapters.encoder.verification import verified
from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.clip import Clip, Still
from domain.errors import EncodeFailed
from domain.geometry import ClipGeometry
from domain.media import MP4, OutputFormat
from domain.results import EncodedPicture, EncodedVideo

_WRITING: Final = "The video could not be written"


class PyAvEncoder(Encoder):
    """Encodes on the CPU while the producer of the clip works on its next chunk. Keeps nothing between clips."""

    __slots__ = ("_config",)

    def __init__(self, config: EncoderConfig) -> None:
        self._config = config

    @override
    def encode(self, clip: Clip, target: Path, control: JobControl, *, output_format: OutputFormat = MP4) -> None:
        written = FORMATS[output_format.name]
        with ExitStack() as on_failure:
            with vendor_failures(_WRITING):
                file = on_failure.enter_context(TargetFile(target))
            on_failure.callback(target.unlink)
            with vendor_failures(_WRITING):
                writer = written.open(clip, file, self._config)
            on_failure.callback(writer.abandon)
            for done, frame in enumerate(_frames(clip, control), start=1):
                with vendor_failures(_WRITING):
                    writer.add(frame)
                control.report(StageProgress("encode", done, clip.geometry.frames))
            with vendor_failures(_WRITING):
                writer.finish(control.check)
                file.close()
            on_failure.pop_all()

    @override
    def verify(
        self, target: Path, geometry: ClipGeometry, *, audio: bool, output_format: OutputFormat = MP4
    ) -> EncodedVideo:
        return verified(target, geometry, FORMATS[output_format.name], audio=audio)

    @override
    def encode_still(self, still: Still, target: Path) -> EncodedPicture:
        return write_jpeg(still, target)

    @override
    def check(self) -> None:
        """Open every codec as `encode` would."""
        for name, written in FORMATS.items():
            with vendor_failures(f"The codecs cannot be used for {name}"):
                written.check(self._config)
        with vendor_failures("The codecs cannot be used for posters"):
            check_jpeg()


def _frames(clip: Clip, control: JobControl) -> Iterator[memoryview]:
    """The frames of `clip`, one by one, each valid until the next.

    Raises:
        EncodeFailed: a chunk is no whole number of frames, or there are more or fewer than the clip says.
        DeadlineExceeded: from `control.check()`, which is asked before each chunk and each frame.
    """
    said, size = clip.geometry.frames, clip.frame_bytes
    taken = 0
    control.check()
    for chunk in clip.chunks:
        if chunk.format != "B" or not chunk.c_contiguous or not chunk.nbytes or chunk.nbytes % size:
            message = f"A chunk of the clip has {chunk.nbytes} bytes instead of {size} for each frame"
            raise EncodeFailed(message)
        taken += chunk.nbytes // size
        if taken > said:
            message = f"The clip has more than the {said} frames that it announced"
            raise EncodeFailed(message)
        flat = chunk.cast("B")
        for start in range(0, chunk.nbytes, size):
            control.check()
            yield flat[start : start + size]
    if taken < said:
        message = f"The clip has {taken} frames instead of the {said} that it announced"
        raise EncodeFailed(message)
