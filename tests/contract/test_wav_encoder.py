"""The contract on WAV, and what only it has: every sample is the clip's."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from application.ports.encoder import Encoder
from domain.clip import Audio
from domain.errors import EncodeFailed
from domain.geometry import ClipGeometry, Resolution
from domain.media import WAV
from tests.contract.encoder_bench import Summary
from tests.contract.encoder_contract import EncoderContract
from tests.contract.encoder_faults_contract import EncoderFaultsContract
from tests.contract.pyav_bench import PyAvBench
from tests.support.clips import clip_of, geometry, tone
from tests.support.files import wav_samples, wav_summary


class TestWav(PyAvBench, EncoderContract, EncoderFaultsContract):
    output_format = WAV
    told = "samples of sound instead of"
    tells = ("a frame less", "a frame more", "rate", "NTSC rate")

    @override
    def read(self, file: Path) -> Summary:
        return wav_summary(file)

    @override
    def measures(self, shape: ClipGeometry) -> tuple[Resolution | None, int | None, Fraction | None]:
        return None, None, None

    def test_every_sample_comes_back_and_what_is_missing_is_silence(self, encoder: Encoder, target: Path) -> None:
        left = np.linspace(-1.5, 1.5, 6_000).astype(np.float32)  # what is too loud is cut off
        right = np.random.default_rng(0).uniform(-1, 1, 6_000).astype(np.float32)
        audio = Audio(24_000, 2, np.concatenate([left, right]).data.cast("B").cast("f"))

        self.encode(encoder, clip_of(geometry(), audio=audio), target)

        wanted = np.zeros((2, 9_000), np.int16)
        wanted[:, :6_000] = np.round(np.clip([left, right], -1, 1) * 32_767)
        assert np.array_equal(wav_samples(target), wanted)

    def test_a_long_sound_comes_back_whole(self, encoder: Encoder, target: Path) -> None:
        shape = geometry(64, 64, frames=10, rate=2)
        audio = tone(48_000, 5)

        self.encode(encoder, clip_of(shape, audio=audio), target)

        wave = np.round(np.asarray(audio.samples)[:240_000] * 32_767).astype(np.int16)
        assert np.array_equal(wav_samples(target)[0], wave)
        assert target.stat().st_size == 44 + 240_000 * 4

    def test_bytes_behind_the_sound_are_told(self, encoder: Encoder, target: Path) -> None:
        self.encode(encoder, clip_of(geometry(), audio=tone(24_000, 0.375)), target)
        with target.open("ab") as file:
            file.write(b"more")

        with pytest.raises(EncodeFailed, match="bytes instead of"):
            self.verify(encoder, target, geometry(), audio=True)

    def test_sound_that_is_no_number_is_refused(self, encoder: Encoder, target: Path) -> None:
        audio = Audio(24_000, 1, np.full(9_000, np.inf, np.float32).data.cast("B").cast("f"))

        with pytest.raises(EncodeFailed, match="no numbers"):
            self.encode(encoder, clip_of(geometry(), audio=audio), target)

        assert not target.exists()
