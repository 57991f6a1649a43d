"""What every Encoder keeps, format by format. A subclass gives the fixtures `encoder` and `summarise`."""

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.clip import Audio, PixelFormat
from domain.errors import EncodeFailed
from domain.geometry import ClipGeometry
from tests.contract.encoder_bench import SHAPES, EncoderBench, Summarise
from tests.support.clips import clip_of, geometry, grey_frames, tone


class EncoderContract(EncoderBench):
    @pytest.mark.parametrize("sampling_rate", [24_000, 48_000])
    @pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s.frames}@{s.frame_rate}")
    def test_a_file_has_the_clips_geometry_to_the_frame(
        self, encoder: Encoder, summarise: Summarise, target: Path, shape: ClipGeometry, sampling_rate: int
    ) -> None:
        clip = clip_of(shape, audio=tone(sampling_rate, float(shape.duration)))
        if self.fastest is not None and shape.frame_rate.rate > self.fastest:
            with pytest.raises(EncodeFailed, match=f"at most {self.fastest} frames a second"):
                self.encode(encoder, clip, target)
            assert not target.exists()
            return

        self.encode(encoder, clip, target)
        video = self.verify(encoder, target, shape, audio=True)

        rate = self.audio_rate(sampling_rate)
        found = summarise(target)
        assert (found.resolution, found.frames, found.rate) == self.measures(shape)
        assert (found.audio_rate, video.audio_rate, video.audio_channels) == (rate, rate, self.channels())
        if rate is None:
            assert found.sound is None
        else:
            assert found.sound is not None
            assert abs(found.sound - shape.duration) <= Fraction(1, rate) + self.length_slack(shape)

    def test_a_verified_file_is_described(self, encoder: Encoder, target: Path) -> None:
        self.encode(encoder, self.clip(geometry()), target)

        video = self.verify(encoder, target, geometry(), audio=not self.is_silent)

        content = target.read_bytes()
        assert (video.size, video.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert video.content_type == self.output_format.content_type
        found = (video.audio_rate, video.audio_channels)
        assert found == ((None, None) if self.is_silent else (24_000, 2))

    @pytest.mark.parametrize("per_chunk", [1, 4, 9])
    @pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p"])
    def test_a_chunk_holds_one_frame_or_several(
        self, encoder: Encoder, target: Path, pixel_format: PixelFormat, per_chunk: int
    ) -> None:
        chunks = grey_frames(geometry(), pixel_format, per_chunk)

        self.encode(encoder, self.clip(geometry(), chunks, pixel_format=pixel_format), target)

        self.verify(encoder, target, geometry(), audio=not self.is_silent)

    @pytest.mark.parametrize(
        "audio",
        [tone(24_000, 0.05), tone(24_000, 5), tone(48_000, 0.375, channels=1), tone(44_100, 0)],
        ids=["short", "long", "mono", "empty"],
    )
    def test_sound_becomes_stereo_as_long_as_the_picture(
        self, encoder: Encoder, summarise: Summarise, target: Path, audio: Audio
    ) -> None:
        self.encode(encoder, clip_of(geometry(), audio=audio), target)

        video = self.verify(encoder, target, geometry(), audio=True)

        rate = self.audio_rate(audio.sampling_rate)
        assert (video.audio_rate, video.audio_channels) == (rate, self.channels())
        sound = summarise(target).sound
        if rate is None:
            assert sound is None
        else:
            assert sound is not None
            assert abs(sound - geometry().duration) <= Fraction(1, rate) + self.length_slack(geometry())

    def test_sound_is_where_it_is_asked_for(self, encoder: Encoder, summarise: Summarise, tmp_path: Path) -> None:
        silent, loud = (tmp_path / f"{name}{self.output_format.suffix}" for name in ("silent", "loud"))
        self.encode(encoder, clip_of(geometry(), audio=tone(24_000, 0.375)), loud)
        if not self.output_format.has_sound:
            assert summarise(loud).audio_rate is None
            self.verify(encoder, loud, geometry(), audio=True)
            return
        with pytest.raises(EncodeFailed, match="sound"):
            self.verify(encoder, loud, geometry(), audio=False)
        if not self.output_format.has_picture:
            with pytest.raises(EncodeFailed, match="no sound"):
                self.encode(encoder, clip_of(geometry()), silent)
            assert not silent.exists()
            return
        self.encode(encoder, clip_of(geometry()), silent)
        assert summarise(silent).audio_rate is None
        with pytest.raises(EncodeFailed, match="sound"):
            self.verify(encoder, silent, geometry(), audio=True)

    def test_a_file_that_is_there_is_replaced(self, encoder: Encoder, target: Path) -> None:
        self.encode(encoder, self.clip(geometry(frames=30)), target)

        self.encode(encoder, self.clip(geometry(frames=2)), target)

        self.verify(encoder, target, geometry(frames=2), audio=not self.is_silent)

    def test_progress_is_told_in_frames(self, encoder: Encoder, target: Path) -> None:
        reports: list[StageProgress] = []

        self.encode(encoder, self.clip(geometry(frames=20)), target, JobControl(report=reports.append))

        done = [report.done for report in reports]
        assert {(report.stage, report.total) for report in reports} == {("encode", 20)}
        assert done == sorted(done)
        assert done[-1] == 20
        assert len(done) >= 3

    def test_chunks_are_taken_to_their_end(self, encoder: Encoder, target: Path) -> None:
        ended = []

        def chunks() -> Iterator[memoryview]:
            yield from grey_frames(geometry())
            ended.append(True)

        self.encode(encoder, self.clip(geometry(), chunks()), target)

        assert ended

    def test_it_is_ready(self, encoder: Encoder) -> None:
        encoder.check()

    def test_the_same_clip_makes_the_same_bytes(self, encoder: Encoder, tmp_path: Path) -> None:
        shape = geometry(128, 64, frames=25)
        contents = set()
        for index in range(3):
            target = tmp_path / f"{index}{self.output_format.suffix}"
            self.encode(encoder, clip_of(shape, audio=tone(24_000, 1)), target)
            contents.add(target.read_bytes())

        assert len(contents) == 1
