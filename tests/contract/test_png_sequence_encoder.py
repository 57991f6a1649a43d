"""The contract on zips of pictures, and what only they have: nothing is lost."""

import io
import itertools
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from application.job_control import JobControl, StageProgress
from application.ports.encoder import Encoder
from domain.errors import DeadlineExceeded, DiskFull, EncodeFailed
from domain.geometry import ClipGeometry, Resolution
from domain.media import PNG_SEQUENCE
from tests.contract.encoder_bench import Summary
from tests.contract.encoder_contract import EncoderContract
from tests.contract.encoder_faults_contract import EncoderFaultsContract
from tests.contract.pyav_bench import PyAvBench
from tests.support.clips import clip_of, geometry, tone
from tests.support.files import png_frames, wav_samples, zip_summary
from tests.support.process import open_files, resident_bytes

Entries = dict[str, bytes]


def noise(shape: ClipGeometry) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    size = (shape.frames, shape.resolution.height, shape.resolution.width, 3)
    return np.random.default_rng(0).integers(0, 256, size, np.uint8)


class TestPngSequence(PyAvBench, EncoderContract, EncoderFaultsContract):
    output_format = PNG_SEQUENCE
    tells = ("width", "height", "a frame less", "a frame more")
    told = "instead of"

    @override
    def read(self, file: Path) -> Summary:
        return zip_summary(file)

    @override
    def measures(self, shape: ClipGeometry) -> tuple[Resolution | None, int | None, Fraction | None]:
        return shape.resolution, shape.frames, None

    def test_every_pixel_and_every_sample_comes_back(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(70, 66, frames=12)
        frames, audio = noise(shape), tone(24_000, 0.5)

        self.encode(encoder, clip_of(shape, [frames.data.cast("B")], audio=audio), target)

        assert all(np.array_equal(seen, sent) for seen, sent in itertools.zip_longest(png_frames(target), frames))
        with zipfile.ZipFile(target) as found:
            names = [*(f"frame-{number:05d}.png" for number in range(1, 13)), "sound.wav"]
            assert found.namelist() == names
            assert {entry.compress_type for entry in found.infolist()} == {zipfile.ZIP_STORED}
            sound = wav_samples(io.BytesIO(found.read("sound.wav")))
        wave = np.asarray(audio.samples)[:12_000]
        assert np.array_equal(sound, np.round(np.stack([wave, wave]) * 32_767).astype(np.int16))

    def test_a_clip_without_sound_has_no_file_of_it(self, encoder: Encoder, target: Path) -> None:
        self.encode(encoder, clip_of(geometry()), target)

        assert "sound.wav" not in zipfile.ZipFile(target).namelist()

    def test_yuv420p_is_shown_in_bt709(self, encoder: Encoder, target: Path) -> None:
        pixels = 96 * 64
        green = np.concatenate([np.full(pixels, 173), np.full(pixels // 4, 42), np.full(pixels // 4, 26)])

        chunk = green.astype(np.uint8).data
        self.encode(encoder, clip_of(geometry(frames=1), [chunk], pixel_format="yuv420p"), target)

        assert np.abs(png_frames(target)[0].astype(int) - (0, 255, 0)).max() <= 3

    @pytest.mark.parametrize(
        ("spoil", "told"),
        [
            (lambda entries: entries.pop("frame-00003.png"), "frame count 8 instead of 9"),
            (lambda entries: entries.update({"a.txt": b""}), "frame count 10 instead of 9"),
            (lambda entries: entries.pop("sound.wav"), "no sound"),
            (lambda entries: entries.update({"sound.wav": entries["sound.wav"][:-400]}), "sound|damaged"),
            (lambda entries: entries.update({"frame-00002.png": entries["frame-00002.png"][:60]}), "picture|read back"),
            (lambda entries: entries.update({"frame-00009.png": b""}), "picture|read back"),
        ],
        ids=["a picture less", "a stranger", "no sound", "short sound", "half a picture", "no picture"],
    )
    def test_each_defect_is_told(
        self, encoder: Encoder, target: Path, spoil: Callable[[Entries], object], told: str
    ) -> None:
        self.encode(encoder, clip_of(geometry(), audio=tone(24_000, 0.375)), target)
        with zipfile.ZipFile(target) as found:
            entries = {name: found.read(name) for name in found.namelist()}
        spoil(entries)
        with zipfile.ZipFile(target, "w") as spoilt:
            for name, content in entries.items():
                spoilt.writestr(name, content)

        with pytest.raises(EncodeFailed, match=told):
            self.verify(encoder, target, geometry(), audio=True)

    @pytest.mark.parametrize("field", [8, 10], ids=["encrypted", "packed"])
    def test_files_that_are_not_as_they_were_stored_are_told(self, encoder: Encoder, target: Path, field: int) -> None:
        self.encode(encoder, clip_of(geometry()), target)
        content = bytearray(target.read_bytes())
        content[content.index(b"PK\x01\x02") + field] |= 1
        target.write_bytes(content)

        with pytest.raises(EncodeFailed, match="packed or encrypted"):
            self.verify(encoder, target, geometry(), audio=False)

    def test_a_deadline_between_the_last_frame_and_the_sound_counts(self, encoder: Encoder, target: Path) -> None:
        reports = [StageProgress("encode", 0)]
        control = JobControl(deadline=20, report=reports.append, clock=lambda: reports[-1].done)

        with pytest.raises(DeadlineExceeded):
            self.encode(encoder, clip_of(geometry(frames=20)), target, control)

        assert not target.exists()

    def test_a_changed_byte_is_told(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(frames=2)
        self.encode(encoder, clip_of(shape, [noise(shape).data.cast("B")]), target)
        content = bytearray(target.read_bytes())
        content[len(content) // 2] ^= 1
        target.write_bytes(content)

        with pytest.raises(EncodeFailed):
            self.verify(encoder, target, shape, audio=False)

    def test_memory_stays_flat(self, encoder: Encoder, target: Path) -> None:
        """100 frames of noise are 39 MB, and as much on the disk."""
        chunk = noise(geometry(512, 256, frames=4)).data.cast("B")
        self.encode(encoder, clip_of(geometry(512, 256, frames=4), [chunk]), target)
        before = resident_bytes()

        self.encode(encoder, clip_of(geometry(512, 256, frames=100), itertools.repeat(chunk, 25)), target)

        assert target.stat().st_size > 39_000_000
        assert resident_bytes() - before < 15 << 20

    def test_a_full_disk_leaves_nothing_open(self, encoder: Encoder, tmp_path: Path) -> None:
        if not Path("/dev/full").is_char_device():
            pytest.skip("no /dev/full on this system")
        before = open_files()
        target = tmp_path / "full.zip"
        target.symlink_to("/dev/full")

        with pytest.raises((DiskFull, EncodeFailed)):
            self.encode(encoder, clip_of(geometry()), target)

        assert not target.is_symlink()
        assert open_files() == before
