"""The contract on the real codecs, and what only they have: tags, boxes, colours, what is heard and seen."""

import gc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.error
import numpy as np
import numpy.typing as npt
import pytest
from typing_extensions import override

from adapters.encoder.config import EncoderConfig, Preset
from adapters.encoder.pyav import PyAvEncoder
from adapters.encoder.target_file import TargetFile
from application.ports.encoder import Encoder
from domain.clip import Audio
from domain.errors import DiskFull, EncodeFailed
from domain.geometry import ClipGeometry
from tests.contract.encoder_bench import NO_DEADLINE, SHAPES, Summary
from tests.contract.encoder_contract import EncoderContract
from tests.contract.encoder_faults_contract import EncoderFaultsContract
from tests.contract.encoder_stills_contract import EncoderStillsContract
from tests.contract.pyav_bench import PyAvBench
from tests.support.clips import clip_of, geometry, grey_frames, tone
from tests.support.process import file_size_limit, open_files, resident_bytes
from tests.support.videos import decoded, heard, summary

Floats = npt.NDArray[np.float64]

COLOURS = [
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255),
    (0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 120, 40), (30, 90, 160), (90, 30, 60),
]  # fmt: skip
PATCH = 32
PATCHES = geometry(PATCH * 4, PATCH * 3, frames=3)


def patches(shape: ClipGeometry = PATCHES) -> memoryview:
    picture = np.array(COLOURS, np.uint8).reshape(3, 4, 3).repeat(PATCH, axis=0).repeat(PATCH, axis=1)
    return np.broadcast_to(picture, (shape.frames, *picture.shape)).copy().data.cast("B")


def patch_colours(frame: av.VideoFrame, red: float, blue: float) -> Floats:
    """The colours in the middle of each patch, by the luma weights of red and blue, from limited range."""
    planes = frame.to_ndarray().astype(np.float64).ravel()
    pixels = frame.width * frame.height
    luma = planes[:pixels].reshape(frame.height, frame.width)
    u, v = planes[pixels:].reshape(2, frame.height // 2, frame.width // 2)
    rows, columns = np.meshgrid(np.arange(3), np.arange(4), indexing="ij")
    middle = PATCH // 2
    y = (luma[rows * PATCH + middle, columns * PATCH + middle] - 16) / 219
    pb, pr = ((c[(rows * PATCH + middle) // 2, (columns * PATCH + middle) // 2] - 128) / 224 for c in (u, v))
    r, b = y + 2 * (1 - red) * pr, y + 2 * (1 - blue) * pb
    g = (y - red * r - blue * b) / (1 - red - blue)
    colours: Floats = np.clip(np.stack([r, g, b], axis=-1).reshape(-1, 3) * 255, 0, 255)
    return colours


def full_disk(folder: Path) -> Path:
    """A target that is always full. A link, so that removing the half-written file removes the link."""
    if not Path("/dev/full").is_char_device():
        pytest.skip("no /dev/full on this system")
    target = folder / "full.mp4"
    target.symlink_to("/dev/full")
    return target


def noise(shape: ClipGeometry) -> memoryview:
    size = (shape.frames, shape.resolution.height, shape.resolution.width, 3)
    return np.random.default_rng(0).integers(0, 256, size, np.uint8).data.cast("B")


class TestPyAvEncoder(PyAvBench, EncoderContract, EncoderFaultsContract, EncoderStillsContract):
    @override
    def read(self, file: Path) -> Summary:
        return summary(file)

    def test_colours_come_back_by_bt709(self, encoder: Encoder, target: Path) -> None:
        encoder.encode(clip_of(PATCHES, [patches()]), target, NO_DEADLINE)

        frame = decoded(target)[1]
        by_709 = np.abs(patch_colours(frame, red=0.2126, blue=0.0722) - COLOURS).max()
        by_601 = np.abs(patch_colours(frame, red=0.299, blue=0.114) - COLOURS).max()
        assert by_709 <= 3
        assert by_601 > 20, "the check would not see a wrong matrix"

    def test_all_four_colour_tags_are_bt709_limited(self, encoder: Encoder, target: Path) -> None:
        encoder.encode(clip_of(PATCHES, [patches()]), target, NO_DEADLINE)

        frame = decoded(target)[0]
        assert (frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace) == (1, 1, 1, 1)
        assert frame.format.name == "yuv420p"

    def test_yuv420p_is_taken_as_it_is(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(70, 66, frames=1)  # no multiple of a macroblock or of a padded row
        luma = np.tile(np.linspace(16, 235, 70).astype(np.uint8), 66)
        chunk = np.concatenate([luma, np.full(33 * 35, 90, np.uint8), np.full(33 * 35, 160, np.uint8)]).data

        PyAvEncoder(EncoderConfig(crf=1)).encode(clip_of(shape, [chunk], pixel_format="yuv420p"), target, NO_DEADLINE)

        seen = decoded(target)[0].to_ndarray().astype(np.int64).ravel()
        assert np.abs(seen - np.frombuffer(chunk, np.uint8)).max() <= 2

    def test_frames_come_back_in_order_and_unmixed(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(frames=40)

        encoder.encode(clip_of(shape, grey_frames(shape, per_chunk=8)), target, NO_DEADLINE)

        levels = [float(frame.to_ndarray(format="rgb24").mean()) for frame in decoded(target)]
        expected = [16 + 219 * index // 39 for index in range(40)]
        assert np.abs(np.array(levels) - expected).max() < 3

    def test_a_detailed_picture_survives(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(128, 128, frames=5)
        x, y = np.meshgrid(np.arange(128), np.arange(128))
        texture = (np.sin(x / 2) * np.cos(y / 3) + 1) * 127
        picture = np.stack([texture, texture, texture], axis=-1).astype(np.uint8)

        encoder.encode(clip_of(shape, [picture.data.cast("B")] * 5), target, NO_DEADLINE)

        error = decoded(target)[-1].to_ndarray(format="rgb24").astype(float) - picture
        psnr = 10 * np.log10(255**2 / (error**2).mean())
        assert psnr > 36

    def test_moov_comes_first(self, encoder: Encoder, target: Path) -> None:
        encoder.encode(clip_of(geometry(), audio=tone(24_000, 1)), target, NO_DEADLINE)

        content = target.read_bytes()
        assert 0 < content.index(b"moov") < content.index(b"mdat")

    @pytest.mark.parametrize("sampling_rate", [24_000, 48_000])
    @pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s.frames}@{s.frame_rate}")
    def test_a_decoder_hands_out_as_many_samples_as_the_picture_lasts(
        self, encoder: Encoder, target: Path, shape: ClipGeometry, sampling_rate: int
    ) -> None:
        audio = tone(sampling_rate, float(shape.duration) + 1)

        encoder.encode(clip_of(shape, audio=audio), target, NO_DEADLINE)

        # FFmpeg hands out whole packets, so a clip shorter than one comes as one.
        assert heard(target).shape == (2, max(1024, shape.samples(sampling_rate)))

    @pytest.mark.parametrize("channels", [1, 2])
    def test_sound_is_heard_where_it_was(self, encoder: Encoder, target: Path, channels: int) -> None:
        shape = geometry(frames=49)
        length = shape.samples(48_000)
        audio = tone(48_000, float(shape.duration), channels)

        encoder.encode(clip_of(shape, audio=audio), target, NO_DEADLINE)

        wave = np.asarray(audio.samples)[:length]
        error = heard(target) - wave
        assert 10 * np.log10((wave**2).mean() / (error**2).mean(axis=1)).min() > 30

    def test_channels_keep_their_sides(self, encoder: Encoder, target: Path) -> None:
        length = geometry().samples(48_000)
        left = np.asarray(tone(48_000, length / 48_000, 1).samples)
        audio = Audio(48_000, 2, np.concatenate([left, np.zeros(length, np.float32)]).data.cast("B").cast("f"))

        encoder.encode(clip_of(geometry(), audio=audio), target, NO_DEADLINE)

        loudness = np.abs(heard(target)).max(axis=1)
        assert loudness[0] > 0.2
        assert loudness[1] < 0.01

    def test_what_is_missing_is_silence_and_what_is_too_much_is_cut(self, encoder: Encoder, target: Path) -> None:
        encoder.encode(clip_of(geometry(frames=24), audio=tone(24_000, 0.5)), target, NO_DEADLINE)

        sound = np.abs(heard(target)).max(axis=0)
        assert sound[:11_000].max() > 0.2
        assert sound[14_000:].max() < 0.001

    def test_streams_lie_side_by_side(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(64, 64, frames=240, rate=12)
        encoder.encode(clip_of(shape, audio=tone(24_000, 20)), target, NO_DEADLINE)

        with av.open(str(target), "r") as container:
            places = sorted(
                (packet.pos, packet.stream.type, packet.dts * packet.time_base)
                for packet in container.demux()
                if packet.pos is not None and packet.dts is not None and packet.time_base is not None
            )
        reached = {"video": Fraction(0), "audio": Fraction(0)}
        widest = Fraction(0)
        for _, kind, time in places:
            reached[kind] = time
            widest = max(widest, abs(reached["video"] - reached["audio"]))
        assert widest < 2

    def test_the_same_noise_makes_the_same_bytes(self, encoder: Encoder, tmp_path: Path) -> None:
        shape = geometry(320, 192, frames=25)
        contents = set()
        for index in range(3):
            target = tmp_path / f"{index}.mp4"
            clip = clip_of(shape, [noise(shape)], audio=tone(24_000, 1))
            encoder.encode(clip, target, NO_DEADLINE)
            contents.add(target.read_bytes())

        assert len(contents) == 1

    def test_av_errors_of_the_producer_pass_as_they_are(self, encoder: Encoder, target: Path) -> None:
        error = av.error.InvalidDataError(1, "an input that the producer decodes")

        def chunks() -> Iterator[memoryview]:
            yield from grey_frames(geometry(frames=8))
            raise error

        with pytest.raises(av.error.InvalidDataError) as caught:
            encoder.encode(clip_of(geometry(frames=9), chunks()), target, NO_DEADLINE)

        assert caught.value is error
        assert not target.exists()

    @pytest.mark.parametrize("frames", [1, 60])
    def test_a_full_disk_is_told_as_such(self, encoder: Encoder, tmp_path: Path, frames: int) -> None:
        target = full_disk(tmp_path)
        shape = geometry(frames=frames)

        with pytest.raises(DiskFull):
            encoder.encode(clip_of(shape, audio=tone(24_000, 3)), target, NO_DEADLINE)

        assert not target.is_symlink()

    def test_failures_leave_no_file_open(self, encoder: Encoder, tmp_path: Path) -> None:
        before = open_files()
        for _ in range(3):
            with pytest.raises(DiskFull):
                encoder.encode(clip_of(geometry()), full_disk(tmp_path), NO_DEADLINE)
            with pytest.raises(EncodeFailed):
                encoder.encode(clip_of(geometry(), []), tmp_path / "clip.mp4", NO_DEADLINE)
            with pytest.raises(EncodeFailed):
                encoder.verify(tmp_path / "clip.mp4", geometry(), audio=False)

        assert open_files() == before

    def test_a_disk_that_fills_up_on_the_way_is_told(self, encoder: Encoder, target: Path) -> None:
        chunks = [noise(geometry(320, 192, frames=30))]

        with file_size_limit(50_000), pytest.raises(EncodeFailed, match=r"could not be written: File too large$"):
            encoder.encode(clip_of(geometry(320, 192, frames=30), chunks, audio=tone(24_000, 1)), target, NO_DEADLINE)

        assert not target.exists()

    def test_no_write_is_short(self, target: Path) -> None:
        with file_size_limit(1000), TargetFile(target) as file, pytest.raises(OSError, match="File too large"):
            file.write(bytes(1500))

    def test_a_failure_gives_its_memory_back(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(768, 512, frames=30)
        used = []
        gc.disable()  # what only the collector finds is held too long: a codec has tens of megabytes
        try:
            for _ in range(5):
                with pytest.raises(EncodeFailed):
                    encoder.encode(clip_of(shape, [noise(geometry(768, 512, frames=10))]), target, NO_DEADLINE)
                used.append(resident_bytes())
        finally:
            gc.enable()

        assert used[-1] - used[0] < 60 << 20

    @pytest.mark.parametrize(
        ("audio", "reason"),
        [
            (Audio(12_345, 2, tone(12_345, 1).samples), "Invalid argument"),
            (Audio(24_000, 2, np.full(48_000, np.nan, np.float32).data.cast("B").cast("f")), "Invalid argument"),
        ],
        ids=["sampling rate", "not a number"],
    )
    def test_sound_that_aac_refuses_is_an_encode_failure(
        self, encoder: Encoder, target: Path, audio: Audio, reason: str
    ) -> None:
        with pytest.raises(EncodeFailed, match=f"could not be written: {reason}$"):
            encoder.encode(clip_of(geometry(), audio=audio), target, NO_DEADLINE)

        assert not target.exists()

    def test_a_preset_that_does_not_exist_is_found_by_the_check(self) -> None:
        with pytest.raises(EncodeFailed, match="codecs cannot be used"):
            PyAvEncoder(EncoderConfig(preset=cast("Preset", "warp"))).check()
