"""A given sound as the audio latents that the transformer hears: diffusers 0.42.1 decodes them, but encodes none."""

from typing import Any, Final

import torch
from transformers.audio_utils import mel_filter_bank

from adapters.video_model.diffusers.components import Components
from domain.clip import Audio
from domain.geometry import ClipGeometry
from domain.grid import audio_latents
from domain.sound import HEARD_RATE

_WINDOW: Final = 1024
"""Samples of a Hann window and its transform. This and what follows: `AudioProcessor` of ltx-core, a MelSpectrogram
of magnitudes (power 1) with slaney's scale and norm, centred, its ends reflected; then the natural logarithm."""
_LEAST_MAGNITUDE: Final = 1e-5
_CHANNELS: Final = 2


def encode_sound(components: Components, sound: Audio, canvas: ClipGeometry) -> torch.Tensor:
    """Denormalised audio latents (1, C, L, mel bins / 4) in float32, on the audio VAE's device.

    L is as many as diffusers makes for `canvas`, which does not check it: another number would shift the sound against
    the picture. `sound` is cut, or goes on in silence, to the canvas' length. What is outside [-1, 1] is clipped, and
    what is no number (a float WAV may hold such) is silence: one NaN would spoil the whole clip.

    Raises:
        ValueError: `sound` is not stereo at HEARD_RATE.
        RuntimeError: the audio VAE makes fewer latents than its configuration says.
    """
    if (sound.channels, sound.sampling_rate) != (_CHANNELS, HEARD_RATE):
        message = f"must have {_CHANNELS} channels at {HEARD_RATE} Hz, got {sound.channels} at {sound.sampling_rate}"
        raise ValueError(message)
    audio_vae = components.by_name["audio_vae"]
    heard = _as_long_as(canvas, torch.frombuffer(bytearray(sound.samples), dtype=torch.float32).reshape(_CHANNELS, -1))
    spectrum = log_mel(heard, bins=audio_vae.config.mel_bins, hop=audio_vae.config.mel_hop_length)
    wanted = audio_latents(canvas.frames, canvas)
    with torch.no_grad():
        encoded: Any = audio_vae.encode(spectrum[None].to(audio_vae.device, audio_vae.dtype))
    latents: torch.Tensor = encoded.latent_dist.mode()[:, :, :wanted].float()
    if latents.shape[2] != wanted:
        message = f"{wanted} audio latents were expected, {latents.shape[2]} came"
        raise RuntimeError(message)
    return latents


def log_mel(waveform: torch.Tensor, *, bins: int, hop: int) -> torch.Tensor:
    """`waveform` (channels, N) at HEARD_RATE as its mel spectrogram (channels, N // hop + 1, bins), float32.

    N is more than half a window.
    """
    filters = mel_filter_bank(
        num_frequency_bins=_WINDOW // 2 + 1,
        num_mel_filters=bins,
        min_frequency=0.0,
        max_frequency=HEARD_RATE / 2,
        sampling_rate=HEARD_RATE,
        norm="slaney",
        mel_scale="slaney",
    )
    spectrum = torch.stft(
        waveform,
        n_fft=_WINDOW,
        hop_length=hop,
        window=torch.hann_window(_WINDOW),
        center=True,
        pad_mode="reflect",
        return_complex=True,
    ).abs()
    mel = torch.einsum("fm,cft->ctm", torch.from_numpy(filters).float(), spectrum)
    return mel.clamp_(min=_LEAST_MAGNITUDE).log_()


def _as_long_as(canvas: ClipGeometry, waveform: torch.Tensor) -> torch.Tensor:
    """A copy of the length of `canvas`, at least a window; in [-1, 1]."""
    length = canvas.samples(HEARD_RATE)
    fitted = waveform.new_zeros(waveform.shape[0], max(length, _WINDOW))
    taken = min(length, waveform.shape[1])
    fitted[:, :taken] = waveform[:, :taken]
    return fitted.nan_to_num_(nan=0.0, posinf=1.0, neginf=-1.0).clamp_(-1.0, 1.0)
