"""Builds components with random weights, in place: on the device and in the dtype that they compute in."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    FlowMatchEulerDiscreteScheduler,
    LTX2VideoTransformer3DModel,
)
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder, LTX2VocoderWithBWE
from diffusers.pipelines.ltx2.latent_upsampler import LTX2LatentUpsamplerModel
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma4UnifiedConfig,
    Gemma4UnifiedForConditionalGeneration,
)

from adapters.video_model.tiny.tokenizer import build_tokenizer
from benchmarks.gpu.architecture import Architecture

_SEED: Final = 3


def build_module(architecture: Architecture, name: str, *, device: str, dtype: torch.dtype) -> Any:  # noqa: ANN401 - diffusers has no types
    """The component `name` as `from_pretrained` leaves one: for inference, in `dtype`, on `device`.

    The constructor draws the weights on the device: there is no float32 copy, and nothing on the host. Unlike with
    `to_empty`, buffers that a constructor computes (filters, rotary frequencies) are right. "meta" gives shapes only.
    """
    with torch.random.fork_rng(devices=_random_devices(device)), _default_dtype(dtype), torch.device(device):
        torch.manual_seed(_SEED)
        module = MODULES[name](architecture)
    return module.eval().requires_grad_(requires_grad=False)


def build_rest(architecture: Architecture, *, distilled: bool) -> dict[str, Any]:
    """The components without weights. The tokenizer is the tiny checkpoints': it pads to 1024 tokens, as Gemma's does.

    Its ids lie within the true models' vocabularies.
    """
    return {
        "scheduler": FlowMatchEulerDiscreteScheduler(**architecture.scheduler(distilled=distilled)),
        "tokenizer": build_tokenizer(),
    }


def weight_bytes(architecture: Architecture, dtype: torch.dtype) -> dict[str, int]:
    """What the weights and buffers of each component take."""
    sizes = {}
    for name in MODULES:
        module = build_module(architecture, name, device="meta", dtype=dtype)
        sizes[name] = sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))
    return sizes


def _text_encoder(architecture: Architecture) -> Any:  # noqa: ANN401 - transformers has no types
    if architecture.language_model == "gemma 3":
        return Gemma3ForConditionalGeneration(Gemma3Config(**architecture.text))
    return Gemma4UnifiedForConditionalGeneration(Gemma4UnifiedConfig(**architecture.text))


def _vocoder(architecture: Architecture) -> Any:  # noqa: ANN401 - diffusers has no types
    vocoder_class = LTX2VocoderWithBWE if architecture.has_bandwidth_extension else LTX2Vocoder
    return vocoder_class(**architecture.vocoder)


MODULES: Final[Mapping[str, Callable[[Architecture], Any]]] = {
    "text_encoder": _text_encoder,
    "connectors": lambda architecture: LTX2TextConnectors(**architecture.connectors),
    "transformer": lambda architecture: LTX2VideoTransformer3DModel(**architecture.transformer),
    "latent_upsampler": lambda architecture: LTX2LatentUpsamplerModel(**architecture.latent_upsampler),
    "vae": lambda architecture: AutoencoderKLLTX2Video(**architecture.vae),
    "audio_vae": lambda architecture: AutoencoderKLLTX2Audio(**architecture.audio_vae),
    "vocoder": _vocoder,
}
"""Every component with weights that a clip needs: no prompt enhancer, no duration head. The text encoder comes first:
on its way to the host it may pass through the device, which is empty then."""


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _random_devices(device: str) -> list[int]:
    """The GPU whose random state is to be restored, beside the CPU's."""
    if not device.startswith("cuda"):
        return []
    return [int(device.partition(":")[2] or torch.cuda.current_device())]
