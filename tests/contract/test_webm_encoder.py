"""The contract on WebM, and what only it has: VP9's colours, Opus' delay, Matroska's clock."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from typing_extensions import override

from application.ports.encoder import Encoder
from domain.clip import Audio
from domain.errors import EncodeFailed
from domain.geometry import ClipGeometry, Resolution
from domain.media import WEBM
from tests.contract.encoder_bench import Summary
from tests.contract.encoder_contract import EncoderContract
from tests.contract.encoder_faults_contract import EncoderFaultsContract
from tests.contract.pyav_bench import PyAvBench
from tests.support.clips import clip_of, geometry, grey_frames
from tests.support.videos import decoded, heard


def summary(path: Path) -> Summary:
    with av.open(str(path)) as container:
        picture = container.streams.video[0]
        sound = container.streams.audio[0] if container.streams.audio else None
        return Summary(
            resolution=Resolution(picture.width, picture.height),
            frames=len(decoded(path)),
            rate=picture.average_rate,
            audio_rate=None if sound is None else sound.rate,
            sound=None if sound is None else Fraction(heard(path).shape[1], sound.rate),
        )


def chirp(sampling_rate: int, seconds: float) -> Audio:
    """A tone that rises from 300 to 3,000 Hz: it is like itself at one offset only."""
    times = np.arange(round(seconds * sampling_rate)) / sampling_rate
    wave = (0.25 * np.sin(2 * np.pi * (300 * times + 1350 / seconds * times**2))).astype(np.float32)
    return Audio(sampling_rate, 2, np.tile(wave, 2).data.cast("B").cast("f"))


class TestWebm(PyAvBench, EncoderContract, EncoderFaultsContract):
    output_format = WEBM
    fixed_rate = 48_000

    @override
    def read(self, file: Path) -> Summary:
        return summary(file)

    @override
    def measures(self, shape: ClipGeometry) -> tuple[Resolution | None, int | None, Fraction | None]:
        """A WebM has a frame's nanoseconds, and FFmpeg makes a fraction of terms up to 30,000 of them."""
        exact = shape.frame_rate.rate
        odd = {Fraction(123457, 10000): Fraction(7321, 593), Fraction(119999999, 1000000): Fraction(120)}
        return shape.resolution, shape.frames, odd.get(exact, exact)

    @override
    def length_slack(self, shape: ClipGeometry) -> Fraction:
        """FFmpeg hands out a sound of a single packet whole, but for its pre-skip."""
        return Fraction(960, 48_000) if shape.samples(48_000) < 960 else Fraction(0)

    def test_frames_come_back_in_order_in_bt709(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(frames=40)

        self.encode(encoder, clip_of(shape, grey_frames(shape)), target)

        frames = decoded(target)
        levels = [float(frame.to_ndarray(format="rgb24").mean()) for frame in frames]
        assert np.abs(np.array(levels) - [16 + 219 * index // 39 for index in range(40)]).max() < 3
        tags = {(frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace) for frame in frames}
        assert tags == {(1, 1, 1, 1)}
        assert frames[0].format.name == "yuv420p"

    def test_a_detailed_picture_survives(self, encoder: Encoder, target: Path) -> None:
        x, y = np.meshgrid(np.arange(128), np.arange(128))
        texture = (np.sin(x / 2) * np.cos(y / 3) + 1) * 127
        picture = np.stack([texture, texture, texture], axis=-1).astype(np.uint8)

        self.encode(encoder, clip_of(geometry(128, 128, frames=5), [picture.data.cast("B")] * 5), target)

        error = decoded(target)[-1].to_ndarray(format="rgb24").astype(float) - picture
        assert 10 * np.log10(255**2 / (error**2).mean()) > 34

    @pytest.mark.parametrize("sampling_rate", [24_000, 44_100, 48_000])
    def test_sound_is_heard_where_it_was_to_the_sample(
        self, encoder: Encoder, target: Path, sampling_rate: int
    ) -> None:
        shape = geometry(frames=49)
        seconds = float(shape.duration)

        self.encode(encoder, clip_of(shape, audio=chirp(sampling_rate, seconds)), target)

        sound = heard(target)[0]
        wave = np.asarray(chirp(48_000, seconds).samples)[: shape.samples(48_000)]
        assert sound.shape == wave.shape
        middle = slice(4_800, -4_800)
        offsets = range(-40, 41)
        likeness = [float(np.dot(sound[middle], np.roll(wave, offset)[middle])) for offset in offsets]
        assert offsets[int(np.argmax(likeness))] == 0
        error = sound[middle] - wave[middle]
        assert 10 * np.log10((wave[middle] ** 2).mean() / (error**2).mean()) > 20

    def test_sound_that_is_no_number_is_refused(self, encoder: Encoder, target: Path) -> None:
        audio = Audio(48_000, 2, np.full(36_000, np.nan, np.float32).data.cast("B").cast("f"))

        with pytest.raises(EncodeFailed, match="no numbers"):
            self.encode(encoder, clip_of(geometry(), audio=audio), target)

        assert not target.exists()
