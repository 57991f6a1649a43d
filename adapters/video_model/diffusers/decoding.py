"""Latents to sound and pictures, as the pipelines do it, but sound first and pictures as bytes."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import torch

from adapters.video_model.diffusers.chroma import yuv420p
from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.resampling import resampled
from domain.clip import Audio, PixelFormat
from domain.grid import CropBox
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


def handed_out(plan: GenerationPlan, device: str) -> PixelFormat:
    """In what the frames of `plan` leave `device`.

    A GPU halves the chroma at no cost, and there is half to copy. On the CPU swscale, behind the encoder, is four times
    as fast as torch (512x512: 1.6 ms a frame against 6).
    """
    return "yuv420p" if plan.may_halve_chroma and device.startswith("cuda") else "rgb24"


def chunks_on_host(
    pieces: Iterable[torch.Tensor], plan: GenerationPlan, pixel_format: PixelFormat
) -> Iterator[memoryview]:
    """The frames of `pieces` (3, F, H, W), cropped and trimmed to what was asked, as uint8 chunks on the host.

    Where frames were doubled in latents, there may be none behind the last: then it is shown again.
    """
    missing, last = plan.output.frames, None
    for piece in pieces:
        for start in range(0, min(piece.shape[1], missing), FRAMES_PER_CHUNK):
            count = min(FRAMES_PER_CHUNK, missing, piece.shape[1] - start)
            last = rgb24(piece[:, start : start + count], plan.crop)
            if pixel_format == "yuv420p":
                last = yuv420p(last)
            missing -= count
            yield _on_host(last)
    while last is not None and missing:
        count = min(FRAMES_PER_CHUNK, missing)
        missing -= count
        yield _on_host(last[-1:].repeat_interleave(count, dim=0))


def rgb24(video: torch.Tensor, box: CropBox) -> torch.Tensor:
    """What lies in `box` of `video` (3, F, H, W) in about [-1, 1]: (F, H, W, 3), uint8, on the same device."""
    with torch.no_grad():
        part = video[:, :, box.top : box.top + box.height, box.left : box.left + box.width]
        pixels = part.float().mul(0.5).add_(0.5).clamp_(0.0, 1.0).mul_(255.0).round_().to(torch.uint8)
        return pixels.permute(1, 2, 3, 0).contiguous()


def _on_host(frames: torch.Tensor) -> memoryview:
    pixels: Any = frames.contiguous().cpu().numpy()
    return memoryview(pixels).cast("B")
