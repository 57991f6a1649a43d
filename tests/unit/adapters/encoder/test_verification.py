"""Files with one defect each: what a player would stumble over is told by name."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.encoder import mp4
from adapters.encoder.config import EncoderConfig
from adapters.encoder.pyav import PyAvEncoder
from adapters.encoder.verification import verified
from application.job_control import JobControl
from domain.errors import EncodeFailed
from tests.support.clips import clip_of, geometry


def write_defective(
    path: Path,
    *,
    tagged: bool = True,
    faststart: bool = True,
    layout: str = "stereo",
    late: int = 0,
    samples: int = 9000,
) -> None:
    """Nine frames of 96x64 at 24 fps with sound, sound in all ways but the given one."""
    options = {"movflags": "+faststart"} if faststart else {}
    with av.open(str(path), "w", format="mp4", container_options=options) as container:
        picture = container.add_stream("libx264", rate=24)
        picture.width, picture.height, picture.pix_fmt = 96, 64, "yuv420p"
        for tag in ("color_range", "color_primaries", "color_trc", "colorspace"):
            setattr(picture.codec_context, tag, 1 if tagged else 2)
        sound = container.add_stream("aac", rate=24_000, layout=layout)
        for index in range(9):
            frame = av.VideoFrame(96, 64, "yuv420p")
            frame.pts, frame.time_base = index + (late if index >= 4 else 0), Fraction(1, 24)
            container.mux(picture.encode(frame))
        silence = np.zeros((1 if layout == "mono" else 2, samples), np.float32)
        block = av.AudioFrame.from_ndarray(silence, format="fltp", layout=layout)
        block.sample_rate, block.pts, block.time_base = 24_000, 0, Fraction(1, 24_000)
        container.mux(sound.encode(block))
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))


class TestVerification:
    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        return tmp_path / "clip.mp4"

    def verify(self, target: Path) -> None:
        verified(target, geometry(), mp4.FORMAT, audio=True)

    def test_a_file_without_defect_passes(self, target: Path) -> None:
        write_defective(target)

        self.verify(target)

    @pytest.mark.parametrize(
        ("write", "told"),
        [
            (lambda path: write_defective(path, tagged=False), r"colour tags \(2, 2, 2, 2\) instead of \(1, 1, 1, 1\)"),
            (lambda path: write_defective(path, faststart=False), "boxes in the order ftyp, free, mdat, moov"),
            (lambda path: write_defective(path, layout="mono"), "1 channels instead of 2"),
            (lambda path: write_defective(path, late=1), "pictures at the wrong time"),
            (lambda path: write_defective(path, late=2), "picture of 0.458 seconds instead of 0.375"),
            (lambda path: write_defective(path, samples=7000), "7168 samples of sound instead of 9000"),
            (lambda path: write_defective(path, samples=12_000), "sound of 0.500 seconds instead of 0.375"),
        ],
        ids=["tags", "moov", "mono", "rhythm", "long picture", "short sound", "long sound"],
    )
    def test_each_defect_is_told(self, target: Path, write: Callable[[Path], None], told: str) -> None:
        write(target)

        with pytest.raises(EncodeFailed, match=told):
            self.verify(target)

    def test_damaged_pictures_are_told(self, target: Path) -> None:
        shape = geometry(128, 128, frames=9)
        noise = np.random.default_rng(0).integers(0, 256, (9, 128, 128, 3), np.uint8)
        PyAvEncoder(EncoderConfig()).encode(clip_of(shape, [noise.data.cast("B")]), target, JobControl())
        content = bytearray(target.read_bytes())
        middle = content.index(b"mdat") + (len(content) - content.index(b"mdat")) // 2
        content[middle : middle + 200] = bytes(range(200))
        target.write_bytes(content)

        with pytest.raises(EncodeFailed):
            verified(target, shape, mp4.FORMAT, audio=False)

    def test_all_differences_are_told_at_once(self, target: Path) -> None:
        write_defective(target, tagged=False, layout="mono")

        with pytest.raises(EncodeFailed) as caught:
            verified(target, geometry(98, 64, frames=8), mp4.FORMAT, audio=True)

        for told in ("size 96x64 instead of 98x64", "frame count 9 instead of 8", "colour tags", "1 channels"):
            assert told in caught.value.message
