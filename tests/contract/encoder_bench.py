"""What the contract suites of Encoder work with."""

from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from application.job_control import JobControl
from application.ports.encoder import Encoder
from domain.clip import Clip
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.media import MP4, OutputFormat
from domain.results import EncodedVideo
from tests.support.clips import clip_of, geometry, tone

NO_DEADLINE = JobControl()

SHAPES = [
    geometry(96, 64, 9),
    geometry(500, 300, 50, Fraction(24000, 1001)),
    geometry(64, 64, 1, 60),
    geometry(64, 64, 1, 120),
    geometry(64, 64, 9, 1),
    geometry(64, 128, 49, 24),
    geometry(64, 64, 20, Fraction(25, 2)),
    geometry(64, 64, 7, Fraction(123457, 10000)),
    geometry(64, 64, 3, Fraction(119999999, 1000000)),
]


@attrs.frozen(kw_only=True)
class Summary:
    """What a reader that is not the encoder finds in a file; None where the format does not tell.

    `sound` is the length of the sound in seconds.
    """

    resolution: Resolution | None
    frames: int | None
    rate: Fraction | None
    audio_rate: int | None
    sound: Fraction | None


Summarise = Callable[[Path], Summary]


OTHERS = {
    "width": (geometry(98, 64), "98x64"),
    "height": (geometry(96, 66), "96x66"),
    "a frame less": (geometry(frames=8), "8"),
    "a frame more": (geometry(frames=10), "10"),
    "rate": (geometry(rate=25), "25"),
    "NTSC rate": (attrs.evolve(geometry(), frame_rate=FrameRate(Fraction(24000, 1001))), "24000/1001"),
}


class EncoderBench:
    """What the encoder suites share. It speaks of MP4; subclasses for other formats say what is different there."""

    output_format: ClassVar[OutputFormat] = MP4
    tells: ClassVar[Collection[str]] = tuple(OTHERS)
    """In which of OTHERS a file of this format differs."""
    told: ClassVar[str | None] = None
    """What a refusal says of them; None: what OTHERS has."""
    fastest: ClassVar[int | None] = None
    """Frames a second that the format can show; None: any."""
    fixed_rate: ClassVar[int | None] = None
    """Sampling rate of the sound; None: the clip's."""

    def encode(self, encoder: Encoder, clip: Clip, target: Path, control: JobControl = NO_DEADLINE) -> None:
        encoder.encode(clip, target, control, output_format=self.output_format)

    def verify(self, encoder: Encoder, target: Path, shape: ClipGeometry, *, audio: bool) -> EncodedVideo:
        return encoder.verify(target, shape, audio=audio, output_format=self.output_format)

    def clip(self, shape: ClipGeometry, chunks: Iterable[memoryview] | None = None, **values: Any) -> Clip:
        """A clip that the format can hold: with sound where it must have one."""
        if not self.output_format.has_picture:
            values.setdefault("audio", tone(24_000, 0.375))
        return clip_of(shape, chunks, **values)

    @property
    def is_silent(self) -> bool:
        """Whether `clip` has no sound, so that `verify` must find none."""
        return self.output_format.has_picture

    def measures(self, shape: ClipGeometry) -> tuple[Resolution | None, int | None, Fraction | None]:
        """Size, frames and rate of `shape` as a reader finds them."""
        return shape.resolution, shape.frames, shape.frame_rate.rate

    def length_slack(self, _: ClipGeometry) -> Fraction:
        """Seconds that a reader may find too much of sound, beside a sample."""
        return Fraction(0)

    def audio_rate(self, clips_own: int) -> int | None:
        return (self.fixed_rate or clips_own) if self.output_format.has_sound else None

    def channels(self) -> int | None:
        return 2 if self.output_format.has_sound else None

    @pytest.fixture
    def encoder(self) -> Encoder:
        raise NotImplementedError

    @pytest.fixture
    def summarise(self) -> Summarise:
        raise NotImplementedError

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        return tmp_path / f"clip{self.output_format.suffix}"
