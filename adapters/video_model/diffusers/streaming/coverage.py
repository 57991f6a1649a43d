"""Which decoders can be streamed: those that have no option which the stream does not take over."""

from collections.abc import Mapping
from typing import Any, Final

import torch

from adapters.video_model.config import DataType
from adapters.video_model.diffusers.streaming.convolution import KERNEL_FRAMES

_MODULE: Final = "diffusers.models.autoencoders.autoencoder_kl_ltx2"
"""Whose classes are known by name: to import it takes seconds, which a worker's start does not have."""

_EXACT_TYPES: Final = (torch.bfloat16, torch.float16)
"""In these a convolution gives the same bits for three frames as for all (measured on the CPU). In float32 it rounds
differently for other lengths, and who computes in float32 wants the pipelines' own result."""

_VAE: Final = "AutoencoderKLLTX2Video"
_PASSED_BY: Final = frozenset(
    {
        "LTX2VideoDecoder3d",
        "LTX2VideoMidBlock3d",
        "LTX2VideoUpBlock3d",
        "LTX2VideoResnetBlock3d",
        "LTX2VideoUpsampler3d",
        "LTX2VideoCausalConv3d",
    }
)
"""What the stream does in its own way, so that their `forward` is never called."""

_NORM: Final = "PerChannelRMSNorm"
_CALLED: Final = frozenset({torch.nn.Conv3d, torch.nn.LayerNorm, torch.nn.Dropout, torch.nn.SiLU})
"""What the stream calls, hooks and all, as the norm. Apart from the convolutions they work frame by frame."""

_OPTIONS: Final = (
    "time_embedder",
    "timestep_scale_multiplier",
    "scale_shift_table",
    "per_channel_scale1",
    "per_channel_scale2",
)
"""Timestep conditioning and injected noise; None where they are off."""


def covers(vae: Any) -> bool:  # noqa: ANN401 - diffusers has no types
    """Whether `decode_stream` of its decoder gives what `vae.decode` gives. If not, a clip is decoded whole."""
    if _name(vae) != _VAE or vae.dtype not in _EXACT_TYPES or vae.decoder.is_causal:
        return False
    return _is_plain(vae) and all(_is_covered(part) for part in vae.decoder.modules())


def expects(vae_config: Mapping[str, Any], dtype: DataType) -> bool:
    """What `covers` will say of a VAE, by its `config.json`: for estimates, before it is loaded."""
    noise = vae_config.get("decoder_inject_noise", False)
    has_noise = noise if isinstance(noise, bool) else any(noise)
    is_conditioned = vae_config.get("timestep_conditioning", False)
    is_other = vae_config.get("_class_name", _VAE) != _VAE or vae_config.get("decoder_causal", True)
    return getattr(torch, dtype) in _EXACT_TYPES and not (has_noise or is_conditioned or is_other)


def _is_covered(module: Any) -> bool:  # noqa: ANN401 - diffusers has no types
    if type(module) in _CALLED:
        return True
    if any(getattr(module, option, None) is not None for option in _OPTIONS):
        return False
    name = _name(module)
    if name == _NORM:
        return bool(module.channel_dim == 1)
    if name == "LTX2VideoCausalConv3d" and not _looks_one_frame_around(module.conv):
        return False
    return _is_plain(module) and (name in _PASSED_BY or type(module) is torch.nn.ModuleList)


def _looks_one_frame_around(layer: torch.nn.Conv3d) -> bool:
    in_time = (layer.kernel_size[0], layer.stride[0], layer.dilation[0], layer.padding[0])
    return in_time == (KERNEL_FRAMES, 1, 1, 0)


def _is_plain(module: torch.nn.Module) -> bool:
    """Whether nobody waits for the module to be called: no hooks, and none of diffusers' and accelerate's either."""
    known = vars(module)  # torch has no public way to ask
    return not (known["_forward_hooks"] or known["_forward_pre_hooks"] or "forward" in known)


def _name(module: object) -> str | None:
    """Of a class of diffusers' file."""
    return type(module).__name__ if type(module).__module__ == _MODULE else None
