"""Builds the components of a tiny checkpoint."""

from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    FlowMatchEulerDiscreteScheduler,
    LTX2Pipeline,
    LTX2VideoTransformer3DModel,
)
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder, LTX2VocoderWithBWE
from diffusers.pipelines.ltx2.duration_head import LTX2DurationHead
from diffusers.pipelines.ltx2.latent_upsampler import LTX2LatentUpsamplerModel
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma4Config,
    Gemma4ForConditionalGeneration,
    Gemma4UnifiedConfig,
    Gemma4UnifiedForConditionalGeneration,
)

from adapters.video_model.tiny.configuration import TinyCheckpoint
from adapters.video_model.tiny.language import gemma3_config, gemma4_config, gemma4_unified_config, generation_config
from adapters.video_model.tiny.parts import AUDIO_VAE, Config
from adapters.video_model.tiny.processor import build_gemma3_processor
from adapters.video_model.tiny.tokenizer import build_tokenizer

_SEED: Final = 2
_LOG_SECONDS: Final = 0.7
"""Bias of the duration head's last layer: e^0.7 is about 2 seconds."""


def build_pipeline(checkpoint: TinyCheckpoint) -> LTX2Pipeline:
    """All components with random weights in float32, each from a seed of its own: the same in every process.

    Without a `processor` beside Gemma 4, see `save_gemma4_processor`.
    """
    vocoder_class = LTX2VocoderWithBWE if checkpoint.has_bandwidth_extension else LTX2Vocoder
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**checkpoint.scheduler),
        tokenizer=build_tokenizer(),
        transformer=_seeded(LTX2VideoTransformer3DModel, **checkpoint.transformer),
        connectors=_seeded(LTX2TextConnectors, **checkpoint.connectors),
        vae=_seeded(AutoencoderKLLTX2Video, **checkpoint.vae),
        audio_vae=_seeded(AutoencoderKLLTX2Audio, **AUDIO_VAE),
        vocoder=_seeded(vocoder_class, **checkpoint.vocoder),
        duration_head=None if checkpoint.duration_head is None else _build_duration_head(checkpoint.duration_head),
        **_LANGUAGE_MODELS[checkpoint.language_model](),
    )


def build_upsamplers(checkpoint: TinyCheckpoint) -> dict[str, LTX2LatentUpsamplerModel]:
    """The latent upsamplers by the names of their folders; they are no components of the pipeline."""
    configs = {"latent_upsampler": checkpoint.latent_upsampler, "temporal_upsampler": checkpoint.temporal_upsampler}
    return {name: _seeded(LTX2LatentUpsamplerModel, **config) for name, config in configs.items() if config is not None}


def _build_gemma3() -> dict[str, Any]:
    encoder = _seeded(Gemma3ForConditionalGeneration, config=Gemma3Config(**gemma3_config()))
    encoder.generation_config = generation_config()
    projection = encoder.model.multi_modal_projector.mm_input_projection_weight  # zeros: pictures would not matter
    torch.nn.init.normal_(projection, generator=torch.Generator().manual_seed(_SEED))
    return {"text_encoder": encoder, "processor": build_gemma3_processor()}


def _build_gemma4() -> dict[str, Any]:
    unified = Gemma4UnifiedConfig(**gemma4_unified_config())
    enhancer = _seeded(Gemma4ForConditionalGeneration, config=Gemma4Config(**gemma4_config()))
    enhancer.generation_config = generation_config()
    return {
        "text_encoder": _seeded(Gemma4UnifiedForConditionalGeneration, config=unified),
        "prompt_enhancer": enhancer,
    }


_LANGUAGE_MODELS: Final = {"gemma 3": _build_gemma3, "gemma 4": _build_gemma4}


def _build_duration_head(config: Config) -> LTX2DurationHead:
    head = _seeded(LTX2DurationHead, **config)
    torch.nn.init.constant_(head.mlp_out.bias, _LOG_SECONDS)
    return head


def _seeded(component: type[Any], **arguments: Any) -> Any:  # noqa: ANN401 - diffusers' and transformers' classes have no types
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_SEED)  # torch.manual_seed would reach into every GPU's generator as well
        return component(**arguments)
