"""Latents to sound and pictures, as the pipelines do it, but sound first and pictures as bytes."""

from collections.abc import Iterator
from typing import Any, Final

import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.resampling import resampled
from domain.clip import Audio
from domain.plan import GenerationPlan

FRAMES_PER_CHUNK: Final = 8
"""One latent's worth of frames: at 1920x1088 a chunk on the host is 50 MB."""


def decode_audio(components: Components, audio_latents: torch.Tensor, sampling_rate: int | None = None) -> Audio:
    """The sound of denormalised audio latents (1, C, L, mel bins): `vocoder(audio_vae.decode(...))`.

    At `sampling_rate`; None: at the vocoder's rate (24 kHz for 2.0, 48 kHz with bandwidth extension). The pipelines'
    `audio_sampling_rate` is the rate of the mel spectrogram, 16 kHz, and wrong here.
    """
    audio_vae, vocoder = components.by_name["audio_vae"], components.by_name["vocoder"]
    with torch.no_grad():
        mel = audio_vae.decode(audio_latents.to(audio_vae.dtype), return_dict=False)[0]
        waveform = vocoder(mel)[0]  # (channels, samples)
        waveform = waveform.float().clamp(-1.0, 1.0).cpu().contiguous()
    rate = int(vocoder.config.output_sampling_rate)
    if sampling_rate not in {None, rate}:
        waveform = resampled(waveform, rate, sampling_rate).clamp_(-1.0, 1.0)
    return Audio(
        sampling_rate=sampling_rate or rate,
        channels=waveform.shape[0],
        samples=memoryview(waveform.numpy()).cast("B").cast("f"),
    )


def decode_video(components: Components, latents: torch.Tensor) -> torch.Tensor:
    """The pictures of denormalised latents (1, C, F', H', W'): (3, F, H, W) in the VAE's dtype, about [-1, 1]."""
    vae = components.by_name["vae"]
    with torch.no_grad():
        decoded: torch.Tensor = vae.decode(latents.to(vae.dtype), None, return_dict=False)[0][0]
    return decoded


def rgb24_chunks(video: torch.Tensor, plan: GenerationPlan) -> Iterator[memoryview]:
    """The frames of `video` (3, F, H, W), cropped and trimmed to what was asked, as uint8 chunks on the host.

    Where frames were doubled in latents, there may be none behind the last: then it is shown again.
    """
    box, last = plan.crop, video.shape[1] - 1
    for start in range(0, plan.output.frames, FRAMES_PER_CHUNK):
        end = min(start + FRAMES_PER_CHUNK, plan.output.frames)
        with torch.no_grad():
            shown = [min(number, last) for number in range(start, end)]
            part = video[:, shown, box.top : box.top + box.height, box.left : box.left + box.width]
            pixels = part.float().mul(0.5).add_(0.5).clamp_(0.0, 1.0).mul_(255.0).round_().to(torch.uint8)
            frames: Any = pixels.permute(1, 2, 3, 0).contiguous().cpu().numpy()
        yield memoryview(frames).cast("B")
