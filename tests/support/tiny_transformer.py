"""The tiny checkpoint's transformer alone, and one pass of it."""

from typing import Any

import torch
from diffusers import LTX2VideoTransformer3DModel

from adapters.video_model.tiny.configuration import CHECKPOINTS


def transformer(**changes: object) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return LTX2VideoTransformer3DModel(**{**CHECKPOINTS["builtin/tiny-2.3"].transformer, **changes}).eval()


def forward(model: Any) -> torch.Tensor:
    """One pass over 2 latent frames of 2 x 2, 9 audio latents and 128 text tokens, a quarter of them masked."""
    generator = torch.Generator().manual_seed(4)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    config = model.config
    mask = torch.ones(1, 128)
    mask[:, :32] = 0
    with torch.no_grad():
        video, _ = model(
            hidden_states=noise(1, 8, config.in_channels),
            audio_hidden_states=noise(1, 9, config.audio_in_channels),
            encoder_hidden_states=noise(1, 128, config.cross_attention_dim),
            audio_encoder_hidden_states=noise(1, 128, config.audio_cross_attention_dim),
            timestep=torch.tensor([500.0]),
            sigma=torch.tensor([500.0]),
            encoder_attention_mask=mask,
            audio_encoder_attention_mask=mask,
            num_frames=2,
            height=2,
            width=2,
            fps=24.0,
            audio_num_frames=9,
            return_dict=False,
        )
    result: torch.Tensor = video
    return result
