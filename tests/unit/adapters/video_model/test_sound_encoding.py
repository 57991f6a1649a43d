"""What the audio VAE is given of a sound, and that as many latents come back as the canvas has."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
import pytest
import torch
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.sound_encoding import encode_sound, log_mel
from domain.clip import Audio
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.grid import audio_latents
from domain.sound import HEARD_RATE
from tests.support.clips import tone


@attrs.define
class FakeAudioVae:
    """Hands out the mean of each four frames of a spectrogram as a latent, and keeps what it was given."""

    bins: int = 16
    lost: int = 0
    given: list[torch.Tensor] = attrs.field(factory=list)
    device: str = "cpu"
    dtype: torch.dtype = torch.float32

    @property
    def config(self) -> Any:
        return SimpleNamespace(mel_bins=self.bins, mel_hop_length=160)

    def encode(self, mel: torch.Tensor) -> Any:
        self.given.append(mel)
        latents = -(-mel.shape[2] // 4) - self.lost
        mode = torch.zeros(1, 2, latents, self.bins // 4)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: mode))


def canvas(frames: int, rate: Fraction | int = 24) -> ClipGeometry:
    return ClipGeometry(Resolution(64, 64), frames, FrameRate(Fraction(rate)))


def audio(samples: np.ndarray[Any, Any]) -> Audio:
    """In a buffer that nobody may write to, as a decoder's may be."""
    return Audio(HEARD_RATE, 2, memoryview(samples.astype(np.float32).tobytes()).cast("f"))


def heard_by(vae: FakeAudioVae, sound: Audio, shape: ClipGeometry) -> torch.Tensor:
    encode_sound(Components({"audio_vae": vae}), sound, shape)
    return vae.given[-1]


def test_the_spectrogram_is_the_one_of_transformers() -> None:
    wave = np.random.default_rng(0).normal(0, 0.2, 16_000).astype(np.float32)
    filters = mel_filter_bank(513, 64, 0.0, 8000.0, HEARD_RATE, norm="slaney", mel_scale="slaney")
    window = window_function(1024, "hann")
    expected = spectrogram(wave, window, 1024, 160, 1024, power=1.0, mel_filters=filters, mel_floor=1e-5, log_mel="log")

    found = log_mel(torch.from_numpy(wave)[None], bins=64, hop=160)

    assert found.shape == (1, 101, 64)
    assert np.abs(found[0].numpy() - expected.T).max() < 1e-2


def test_a_tone_lies_in_the_band_of_its_pitch() -> None:
    loudest = [
        int(
            log_mel(torch.from_numpy(np.array(tone(HEARD_RATE, 0.5, 1, hertz).samples))[None], bins=64, hop=160)[
                0, 20
            ].argmax()
        )
        for hertz in (200, 1000, 4000)
    ]
    assert loudest == sorted(set(loudest))


@pytest.mark.parametrize("rate", [1, 8, Fraction(24000, 1001), 25, 30, 60, 120])
@pytest.mark.parametrize("frames", [1, 9, 17, 25, 121])
def test_there_are_as_many_latents_as_the_canvas_has(frames: int, rate: Fraction | int) -> None:
    shape = canvas(frames, rate)
    sound = audio(np.zeros((2, shape.samples(HEARD_RATE))))
    latents = encode_sound(Components({"audio_vae": FakeAudioVae()}), sound, shape)
    assert latents.shape == (1, 2, audio_latents(frames, shape), 4)


def test_fewer_latents_than_that_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="26 audio latents were expected, 24 came"):
        encode_sound(Components({"audio_vae": FakeAudioVae(lost=3)}), audio(np.zeros((2, 16_667))), canvas(25))


def test_sound_is_cut_and_goes_on_in_silence() -> None:
    vae = FakeAudioVae()
    wave = np.random.default_rng(0).normal(0, 0.2, (2, 16_667)).astype(np.float32)
    whole = heard_by(vae, audio(wave), canvas(25))
    longer = heard_by(vae, audio(np.concatenate([wave, wave], axis=1)), canvas(25))
    padded = heard_by(vae, audio(wave[:, :8_000]), canvas(25))

    assert torch.equal(longer, whole)
    assert torch.equal(padded[:, :, :46], whole[:, :, :46])
    assert torch.allclose(padded[:, :, 60:], torch.tensor(1e-5).log())


def test_what_is_no_number_is_silence_and_what_is_too_loud_is_clipped() -> None:
    vae = FakeAudioVae()
    wave = np.zeros((2, 16_667), np.float32)
    wave[0, 5_000], wave[1, 9_000], wave[0, 100:200] = np.nan, np.inf, 3.0
    clean = np.zeros_like(wave)
    clean[1, 9_000], clean[0, 100:200] = 1.0, 1.0

    assert torch.equal(heard_by(vae, audio(wave), canvas(25)), heard_by(vae, audio(clean), canvas(25)))


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (HEARD_RATE, 1)])
def test_another_shape_of_sound_is_refused(rate: int, channels: int) -> None:
    with pytest.raises(ValueError, match="must have 2 channels at 16000 Hz"):
        encode_sound(Components({"audio_vae": FakeAudioVae()}), tone(rate, 1, channels), canvas(25))
