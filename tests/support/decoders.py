"""Video VAEs whose decoders have a family's true depth and options, but few channels."""

from typing import Any

import torch

from adapters.video_model.config import FamilyName
from benchmarks.gpu.architecture import ARCHITECTURES

FAMILIES: tuple[FamilyName, ...] = ("ltx-2", "ltx-2.3", "ltx-2.5")
_NARROWER = 32


def narrow_vae(family: FamilyName, dtype: torch.dtype = torch.bfloat16, **changes: Any) -> Any:
    """Its encoder is the tiny checkpoints'. `changes` are options of `AutoencoderKLLTX2Video`."""
    from diffusers import AutoencoderKLLTX2Video  # noqa: PLC0415 - seconds

    true, tiny = ARCHITECTURES["true"][family].vae, ARCHITECTURES["tiny"][family].vae
    widths = true.get("decoder_block_out_channels", (256, 512, 1024))
    config = {
        **true,
        **{name: tiny[name] for name in ("latent_channels", "block_out_channels", "layers_per_block")},
        "decoder_block_out_channels": tuple(width // _NARROWER for width in widths),
        **changes,
    }
    torch.manual_seed(3)
    return AutoencoderKLLTX2Video(**config).eval().to(dtype)


def noise(vae: Any, latents: int, height: int = 2, width: int = 3) -> torch.Tensor:
    """(1, C, latents, height, width) in the VAE's dtype."""
    shape = (1, vae.config.latent_channels, latents, height, width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(latents)).to(vae.dtype)
