"""What every Encoder keeps. A subclass gives the fixtures `encoder` and `summarise`."""

import errno
import hashlib
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import attrs
import pytest

from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.clip import Audio, PixelFormat
from domain.errors import DeadlineExceeded, EncodeFailed, GpuFailed, OutOfMemory
from domain.geometry import ClipGeometry, FrameRate, Resolution
from tests.support.clips import clip_of, geometry, grey_frames, tone

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
    """What a reader that is not the encoder finds in a file. `sound` is the length of the sound in seconds."""

    resolution: Resolution
    frames: int
    rate: Fraction
    audio_rate: int | None
    sound: Fraction | None


Summarise = Callable[[Path], Summary]


class EncoderContract:
    @pytest.fixture
    def encoder(self) -> Encoder:
        raise NotImplementedError

    @pytest.fixture
    def summarise(self) -> Summarise:
        raise NotImplementedError

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        return tmp_path / "clip.mp4"

    @pytest.mark.parametrize("sampling_rate", [24_000, 48_000])
    @pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s.frames}@{s.frame_rate}")
    def test_a_file_has_the_clips_geometry_to_the_frame(
        self, encoder: Encoder, summarise: Summarise, target: Path, shape: ClipGeometry, sampling_rate: int
    ) -> None:
        audio = tone(sampling_rate, float(shape.duration))

        encoder.encode(clip_of(shape, audio=audio), target, NO_DEADLINE)
        video = encoder.verify(target, shape, audio=True)

        found = summarise(target)
        assert (found.resolution, found.frames, found.rate) == (shape.resolution, shape.frames, shape.frame_rate.rate)
        assert found.audio_rate == sampling_rate
        assert found.sound is not None
        assert abs(found.sound - shape.duration) <= Fraction(1, sampling_rate)
        assert (video.audio_rate, video.audio_channels) == (sampling_rate, 2)

    def test_a_verified_file_is_described(self, encoder: Encoder, target: Path) -> None:
        encoder.encode(clip_of(geometry()), target, NO_DEADLINE)

        video = encoder.verify(target, geometry(), audio=False)

        content = target.read_bytes()
        assert (video.size, video.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert video.content_type == "video/mp4"
        assert (video.audio_rate, video.audio_channels) == (None, None)

    @pytest.mark.parametrize("per_chunk", [1, 4, 9])
    @pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p"])
    def test_a_chunk_holds_one_frame_or_several(
        self, encoder: Encoder, target: Path, pixel_format: PixelFormat, per_chunk: int
    ) -> None:
        chunks = grey_frames(geometry(), pixel_format, per_chunk)

        encoder.encode(clip_of(geometry(), chunks, pixel_format=pixel_format), target, NO_DEADLINE)

        encoder.verify(target, geometry(), audio=False)

    @pytest.mark.parametrize(
        "audio",
        [tone(24_000, 0.05), tone(24_000, 5), tone(48_000, 0.375, channels=1), tone(44_100, 0)],
        ids=["short", "long", "mono", "empty"],
    )
    def test_sound_becomes_stereo_as_long_as_the_picture(
        self, encoder: Encoder, summarise: Summarise, target: Path, audio: Audio
    ) -> None:
        encoder.encode(clip_of(geometry(), audio=audio), target, NO_DEADLINE)

        video = encoder.verify(target, geometry(), audio=True)

        sound = summarise(target).sound
        assert sound is not None
        assert abs(sound - geometry().duration) <= Fraction(1, audio.sampling_rate)
        assert (video.audio_rate, video.audio_channels) == (audio.sampling_rate, 2)

    def test_sound_is_where_it_is_asked_for(self, encoder: Encoder, summarise: Summarise, tmp_path: Path) -> None:
        silent, loud = tmp_path / "silent.mp4", tmp_path / "loud.mp4"
        encoder.encode(clip_of(geometry()), silent, NO_DEADLINE)
        encoder.encode(clip_of(geometry(), audio=tone(24_000, 0.375)), loud, NO_DEADLINE)

        assert summarise(silent).audio_rate is None
        with pytest.raises(EncodeFailed, match="sound"):
            encoder.verify(silent, geometry(), audio=True)
        with pytest.raises(EncodeFailed, match="sound"):
            encoder.verify(loud, geometry(), audio=False)

    def test_a_file_that_is_there_is_replaced(self, encoder: Encoder, target: Path) -> None:
        encoder.encode(clip_of(geometry(frames=30)), target, NO_DEADLINE)

        encoder.encode(clip_of(geometry(frames=2)), target, NO_DEADLINE)

        encoder.verify(target, geometry(frames=2), audio=False)

    def test_progress_is_told_in_frames(self, encoder: Encoder, target: Path) -> None:
        reports: list[StageProgress] = []

        encoder.encode(clip_of(geometry(frames=20)), target, JobControl(report=reports.append))

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

        encoder.encode(clip_of(geometry(), chunks()), target, NO_DEADLINE)

        assert ended

    @pytest.mark.parametrize("frames", [0, 7, 8, 10, 17])
    def test_a_clip_with_another_number_of_frames_is_refused(self, encoder: Encoder, target: Path, frames: int) -> None:
        chunks = grey_frames(geometry(frames=frames))

        with pytest.raises(EncodeFailed, match=r"the 9 (frames )?that"):
            encoder.encode(clip_of(geometry(frames=9), chunks), target, NO_DEADLINE)

        assert not target.exists()

    @pytest.mark.parametrize("size", [0, 1, 96 * 64 * 3 - 1, 96 * 64 * 3 + 1, 96 * 64 * 3 // 2])
    def test_a_chunk_that_is_no_whole_frame_is_refused(self, encoder: Encoder, target: Path, size: int) -> None:
        chunks = [*grey_frames(geometry(frames=1)), memoryview(bytes(size))]

        with pytest.raises(EncodeFailed, match=f"{size} bytes"):
            encoder.encode(clip_of(geometry(frames=2), chunks), target, NO_DEADLINE)

        assert not target.exists()

    @pytest.mark.parametrize("channels", [0, 3, 6])
    def test_sound_in_too_many_channels_is_refused(self, encoder: Encoder, target: Path, channels: int) -> None:
        audio = Audio(48_000, channels, tone(48_000, 0.375, max(1, channels)).samples)

        with pytest.raises(EncodeFailed, match="channels"):
            encoder.encode(clip_of(geometry(), audio=audio), target, NO_DEADLINE)

        assert not target.exists()

    @pytest.mark.parametrize("after", [0, 1, 2])
    @pytest.mark.parametrize(
        "error",
        [
            OutOfMemory("no room on the device"),
            GpuFailed("lost"),
            EncodeFailed("of the producer's own"),
            OSError(errno.ENOSPC, "a disk of the producer's"),
            MemoryError(),
            KeyboardInterrupt(),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_errors_of_the_producer_pass_as_they_are(
        self, encoder: Encoder, target: Path, error: BaseException, after: int
    ) -> None:
        def chunks() -> Iterator[memoryview]:
            yield from itertools.islice(grey_frames(geometry(frames=30)), after)
            raise error

        with pytest.raises(type(error)) as caught:
            encoder.encode(clip_of(geometry(frames=30), chunks()), target, NO_DEADLINE)

        assert caught.value is error
        assert not target.exists()

    @pytest.mark.parametrize("at_frame", [0, 1, 12, 19])
    def test_a_deadline_ends_the_work_and_removes_the_file(self, encoder: Encoder, target: Path, at_frame: int) -> None:
        reports = [StageProgress("encode", 0)]
        control = JobControl(deadline=at_frame, report=reports.append, clock=lambda: reports[-1].done)

        with pytest.raises(DeadlineExceeded):
            encoder.encode(clip_of(geometry(frames=20), grey_frames(geometry(frames=20), per_chunk=4)), target, control)

        assert reports[-1].done < at_frame + 4
        assert not target.exists()

    def test_a_failure_leaves_the_encoder_usable(self, encoder: Encoder, target: Path) -> None:
        with pytest.raises(EncodeFailed):
            encoder.encode(clip_of(geometry(frames=9), []), target, NO_DEADLINE)

        encoder.encode(clip_of(geometry()), target, NO_DEADLINE)

        encoder.verify(target, geometry(), audio=False)

    def test_a_folder_that_is_not_there_is_no_internal_error(self, encoder: Encoder, tmp_path: Path) -> None:
        with pytest.raises(EncodeFailed) as caught:
            encoder.encode(clip_of(geometry()), tmp_path / "nowhere" / "clip.mp4", NO_DEADLINE)

        assert tmp_path.name not in caught.value.message
        assert "nowhere" not in caught.value.message

    @pytest.mark.parametrize(
        ("other", "name"),
        [
            (geometry(98, 64), "98x64"),
            (geometry(96, 66), "96x66"),
            (geometry(frames=8), "8"),
            (geometry(frames=10), "10"),
            (geometry(rate=25), "25"),
            (attrs.evolve(geometry(), frame_rate=FrameRate(Fraction(24000, 1001))), "24000/1001"),
        ],
        ids=["width", "height", "a frame less", "a frame more", "rate", "NTSC rate"],
    )
    def test_a_file_of_another_geometry_is_told_apart(
        self, encoder: Encoder, target: Path, other: ClipGeometry, name: str
    ) -> None:
        encoder.encode(clip_of(geometry(), audio=tone(24_000, 0.375)), target, NO_DEADLINE)

        with pytest.raises(EncodeFailed, match=name):
            encoder.verify(target, other, audio=True)

    @pytest.mark.parametrize("kept", [0, 7, 0.3, 0.9])
    def test_half_a_file_is_told(self, encoder: Encoder, target: Path, kept: float) -> None:
        encoder.encode(clip_of(geometry(), audio=tone(24_000, 0.375)), target, NO_DEADLINE)
        whole = target.read_bytes()
        target.write_bytes(whole[: int(len(whole) * kept if kept < 1 else kept)])

        with pytest.raises(EncodeFailed) as caught:
            encoder.verify(target, geometry(), audio=True)

        assert target.name not in caught.value.message

    def test_a_missing_file_is_told(self, encoder: Encoder, target: Path) -> None:
        with pytest.raises(EncodeFailed) as caught:
            encoder.verify(target, geometry(), audio=False)

        assert target.name not in caught.value.message

    def test_it_is_ready(self, encoder: Encoder) -> None:
        encoder.check()
