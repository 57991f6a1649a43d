"""The encoder that makes a file out of a clip."""

from pathlib import Path
from typing import Protocol

from application.job_control import JobControl
from domain.clip import Clip, Still
from domain.geometry import ClipGeometry
from domain.media import MP4, OutputFormat
from domain.results import EncodedPicture, EncodedVideo


class Encoder(Protocol):
    """Writes clips in each format of `domain.media.OUTPUT_FORMATS`; the same clip gives the same bytes.

    mp4: H.264, AAC, `moov` first. webm: VP9, Opus at 48 kHz. Both 4:2:0, BT.709 in all four tags. gif: one palette,
    delays in hundredths of a second that add up to the clip's length, no sound. png_sequence: a zip of
    frame-00001.png and so on, stored, and sound.wav. wav: the sound alone. A WAV is stereo, 16-bit, at the clip's
    own sampling rate.
    """

    __slots__ = ()

    def encode(self, clip: Clip, target: Path, control: JobControl, *, output_format: OutputFormat = MP4) -> None:
        """Write `clip` to `target`, taking each chunk once, also where nothing of a picture is kept.

        Sound is cut, or padded with silence, to the picture's length. `control.check()` is called at least
        once a chunk; the stage "encode" is reported in frames.

        What `clip.chunks` raises passes through as it is.

        Raises:
            EncodeFailed: the clip is not what it says (frame count, buffer sizes), the codec gave up, or the format
                cannot hold it: a wav of a clip without sound, a gif of more than 50 frames a second.
            DiskFull: `target`'s disk has no room.
            Cancelled, DeadlineExceeded: from `control.check()`.
        """

    def verify(
        self, target: Path, geometry: ClipGeometry, *, audio: bool, output_format: OutputFormat = MP4
    ) -> EncodedVideo:
        """Open the finished file as a player would and compare it with what it should be.

        All of it is decoded; what the format has of size, frame count, rate, colour tags and the sound's length is
        compared with `geometry`. `audio`: whether the clip has sound; a gif must have none all the same.

        Raises:
            EncodeFailed: it differs; the message says how.
        """

    def encode_still(self, still: Still, target: Path) -> EncodedPicture:
        """Write one frame to `target` as a JPEG, and read it back. Nothing is left of one that failed.

        Raises:
            EncodeFailed: the frame is not what it says, or the file not what it should be.
            DiskFull: `target`'s disk has no room.
        """

    def check(self) -> None:
        """Whether the codecs of all formats are there. Raises EncodeFailed, which names the format."""
