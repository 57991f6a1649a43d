"""What every Encoder keeps when something is wrong: the clip, the disk, the file, the time."""

import errno
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.clip import Audio
from domain.errors import DeadlineExceeded, EncodeFailed, GpuFailed, OutOfMemory
from tests.contract.encoder_bench import OTHERS, EncoderBench
from tests.support.clips import clip_of, geometry, grey_frames, tone


class EncoderFaultsContract(EncoderBench):
    @pytest.mark.parametrize("frames", [0, 7, 8, 10, 17])
    def test_a_clip_with_another_number_of_frames_is_refused(self, encoder: Encoder, target: Path, frames: int) -> None:
        chunks = grey_frames(geometry(frames=frames))

        with pytest.raises(EncodeFailed, match=r"the 9 (frames )?that"):
            self.encode(encoder, self.clip(geometry(frames=9), chunks), target)

        assert not target.exists()

    @pytest.mark.parametrize("size", [0, 1, 96 * 64 * 3 - 1, 96 * 64 * 3 + 1, 96 * 64 * 3 // 2])
    def test_a_chunk_that_is_no_whole_frame_is_refused(self, encoder: Encoder, target: Path, size: int) -> None:
        chunks = [*grey_frames(geometry(frames=1)), memoryview(bytes(size))]

        with pytest.raises(EncodeFailed, match=f"{size} bytes"):
            self.encode(encoder, self.clip(geometry(frames=2), chunks), target)

        assert not target.exists()

    @pytest.mark.parametrize("channels", [0, 3, 6])
    def test_sound_in_too_many_channels_is_refused(self, encoder: Encoder, target: Path, channels: int) -> None:
        if not self.output_format.has_sound:
            pytest.skip("the format has no sound")
        audio = Audio(48_000, channels, tone(48_000, 0.375, max(1, channels)).samples)

        with pytest.raises(EncodeFailed, match="channels"):
            self.encode(encoder, clip_of(geometry(), audio=audio), target)

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
            self.encode(encoder, self.clip(geometry(frames=30), chunks()), target)

        assert caught.value is error
        assert not target.exists()

    @pytest.mark.parametrize("at_frame", [0, 1, 12, 19])
    def test_a_deadline_ends_the_work_and_removes_the_file(self, encoder: Encoder, target: Path, at_frame: int) -> None:
        reports = [StageProgress("encode", 0)]
        control = JobControl(deadline=at_frame, report=reports.append, clock=lambda: reports[-1].done)

        with pytest.raises(DeadlineExceeded):
            frames = grey_frames(geometry(frames=20), per_chunk=4)
            self.encode(encoder, self.clip(geometry(frames=20), frames), target, control)

        assert reports[-1].done < at_frame + 4
        assert not target.exists()

    def test_a_failure_leaves_the_encoder_usable(self, encoder: Encoder, target: Path) -> None:
        with pytest.raises(EncodeFailed):
            self.encode(encoder, self.clip(geometry(frames=9), []), target)

        self.encode(encoder, self.clip(geometry()), target)

        self.verify(encoder, target, geometry(), audio=not self.is_silent)

    def test_a_folder_that_is_not_there_is_no_internal_error(self, encoder: Encoder, tmp_path: Path) -> None:
        with pytest.raises(EncodeFailed) as caught:
            self.encode(encoder, self.clip(geometry()), tmp_path / "nowhere" / f"clip{self.output_format.suffix}")

        assert tmp_path.name not in caught.value.message
        assert "nowhere" not in caught.value.message

    @pytest.mark.parametrize("name", OTHERS)
    def test_a_file_of_another_geometry_is_told_apart(self, encoder: Encoder, target: Path, name: str) -> None:
        if name not in self.tells:
            pytest.skip("such a file is no other one")
        other, told = OTHERS[name]
        self.encode(encoder, clip_of(geometry(), audio=tone(24_000, 0.375)), target)

        with pytest.raises(EncodeFailed, match=self.told or told):
            self.verify(encoder, target, other, audio=True)

    @pytest.mark.parametrize("kept", [0, 7, 0.3, 0.9])
    def test_half_a_file_is_told(self, encoder: Encoder, target: Path, kept: float) -> None:
        self.encode(encoder, clip_of(geometry(), audio=tone(24_000, 0.375)), target)
        whole = target.read_bytes()
        target.write_bytes(whole[: int(len(whole) * kept if kept < 1 else kept)])

        with pytest.raises(EncodeFailed) as caught:
            self.verify(encoder, target, geometry(), audio=True)

        assert target.name not in caught.value.message

    def test_a_missing_file_is_told(self, encoder: Encoder, target: Path) -> None:
        with pytest.raises(EncodeFailed) as caught:
            self.verify(encoder, target, geometry(), audio=not self.is_silent)

        assert target.name not in caught.value.message
