"""The contract on GIF, and what only it has: delays, one palette, no sound."""

import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.errors import DeadlineExceeded, EncodeFailed
from domain.geometry import ClipGeometry, Resolution
from domain.media import GIF
from tests.contract.encoder_bench import NO_DEADLINE, SHAPES, Summary
from tests.contract.encoder_contract import EncoderContract
from tests.contract.encoder_faults_contract import EncoderFaultsContract
from tests.contract.pyav_bench import PyAvBench
from tests.support.clips import clip_of, geometry, grey_frames
from tests.support.files import gif_frames, gif_summary
from tests.support.process import open_files


class TestGif(PyAvBench, EncoderContract, EncoderFaultsContract):
    output_format = GIF
    fastest = 50
    tells = ("width", "height", "a frame less", "a frame more", "rate")  # nine frames last 38 hundredths at NTSC, too

    @override
    def read(self, file: Path) -> Summary:
        return gif_summary(file)

    @override
    def measures(self, shape: ClipGeometry) -> tuple[Resolution | None, int | None, Fraction | None]:
        return shape.resolution, shape.frames, None

    @pytest.mark.parametrize(
        "shape",
        [
            *(shape for shape in SHAPES if shape.frame_rate.rate <= 50),
            geometry(64, 64, 33, 40),
            geometry(64, 64, 9, 50),
        ],
        ids=lambda s: f"{s.frames}@{s.frame_rate}",
    )
    def test_delays_add_up_and_players_believe_them(self, encoder: Encoder, target: Path, shape: ClipGeometry) -> None:
        self.encode(encoder, clip_of(shape), target)
        self.verify(encoder, target, shape, audio=False)

        frames, delays = gif_frames(target)
        assert len(frames) == shape.frames
        assert abs(sum(delays) - 100 * shape.duration) <= Fraction(1, 2)
        assert min(delays) >= 2
        assert max(delays) - min(delays) <= 1

    def test_frames_come_back_in_order_and_unmixed(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(frames=40)

        self.encode(encoder, clip_of(shape, grey_frames(shape)), target)

        frames, _ = gif_frames(target)
        levels = [float(frame.mean()) for frame in frames]
        assert np.abs(np.array(levels) - [16 + 219 * index // 39 for index in range(40)]).max() < 3

    def test_the_palette_is_that_of_the_whole_clip(self, encoder: Encoder, target: Path) -> None:
        """Red, then green, then blue: a palette of the first frame alone could not show the others."""
        shape = geometry(frames=6)
        colours = np.zeros((6, 64, 96, 3), np.uint8)
        for index in range(6):
            colours[index, ..., index // 2] = np.linspace(64, 250, 96).astype(np.uint8)

        self.encode(encoder, clip_of(shape, [colours.data.cast("B")]), target)

        frames, _ = gif_frames(target)
        errors = [((frame.astype(float) - wanted) ** 2).mean() for frame, wanted in zip(frames, colours, strict=True)]
        assert 10 * np.log10(255**2 / max(errors)) > 34

    def test_yuv420p_is_shown_in_bt709(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(frames=2)
        pixels = 96 * 64
        green = np.concatenate([np.full(pixels, 173), np.full(pixels // 4, 42), np.full(pixels // 4, 26)])  # of BT.709

        self.encode(encoder, clip_of(shape, [green.astype(np.uint8).data] * 2, pixel_format="yuv420p"), target)

        frames, _ = gif_frames(target)
        assert np.abs(frames[1].astype(int) - (0, 255, 0)).max() <= 8

    def test_a_file_without_its_last_byte_is_told(self, encoder: Encoder, target: Path) -> None:
        self.encode(encoder, clip_of(geometry()), target)
        target.write_bytes(target.read_bytes()[:-1])

        with pytest.raises(EncodeFailed, match="no end"):
            self.verify(encoder, target, geometry(), audio=False)

    def test_a_deadline_between_the_last_frame_and_the_file_counts(self, encoder: Encoder, target: Path) -> None:
        reports = [StageProgress("encode", 0)]
        control = JobControl(deadline=20, report=reports.append, clock=lambda: reports[-1].done)

        with pytest.raises(DeadlineExceeded):
            self.encode(encoder, clip_of(geometry(frames=20)), target, control)

        assert not target.exists()

    def test_the_waiting_frames_are_gone_with_the_job(
        self, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))  # they wait beside the target
        before = open_files()
        encoder.encode(clip_of(geometry()), tmp_path / "clip.gif", NO_DEADLINE, output_format=GIF)

        assert [path.name for path in tmp_path.iterdir()] == ["clip.gif"]
        assert open_files() == before
