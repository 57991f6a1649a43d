"""The shapes of a checkpoint of each family: the true ones, and the tiny ones of the built-in checkpoints.

The true numbers are those of diffusers' `scripts/convert_ltx2_to_diffusers.py` (commit 58eb52c), which writes the
configurations of the released checkpoints. What stands there as in a class's defaults is left out here. The latent
upsampler has no entry for 2.5 there: the one of 2.3 is taken.
"""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from adapters.video_model.config import FamilyName
from adapters.video_model.tiny import configuration as tiny
from adapters.video_model.tiny.language import gemma3_config, gemma4_unified_config
from adapters.video_model.tiny.parts import AUDIO_VAE, DYNAMIC_SCHEDULE, STATIC_SCHEDULE, Config
from benchmarks.gpu.language import GEMMA_3_12B, GEMMA_4_12B

LanguageModel = Literal["gemma 3", "gemma 4"]
Scale = Literal["true", "tiny"]


@attrs.frozen(kw_only=True)
class Architecture:
    """Constructor arguments of each component; `language_model` says what `text` is the configuration of."""

    family: FamilyName
    transformer: Config
    connectors: Config
    vae: Config
    audio_vae: Config
    vocoder: Config
    has_bandwidth_extension: bool
    latent_upsampler: Config
    language_model: LanguageModel
    text: Config

    def scheduler(self, *, distilled: bool) -> Config:
        """A distilled checkpoint runs sigmas as they are given, a dev checkpoint shifts them."""
        return STATIC_SCHEDULE if distilled else DYNAMIC_SCHEDULE

    @property
    def audio_rate(self) -> int:
        """Samples a second: the defaults of `LTX2VocoderWithBWE` and `LTX2Vocoder`."""
        return 48_000 if self.has_bandwidth_extension else 24_000


LTX_2: Final = Architecture(
    family="ltx-2",
    transformer={"rope_type": "split"},
    connectors={"rope_type": "split"},
    vae={"decoder_causal": False, "spatial_compression_ratio": 32, "temporal_compression_ratio": 8},
    audio_vae={},
    vocoder={},
    has_bandwidth_extension=False,
    latent_upsampler={"use_rational_resampler": True},
    language_model="gemma 3",
    text=GEMMA_3_12B,
)

LTX_2_3: Final = attrs.evolve(
    LTX_2,
    family="ltx-2.3",
    transformer={
        **LTX_2.transformer,
        "gated_attn": True,
        "cross_attn_mod": True,
        "audio_gated_attn": True,
        "audio_cross_attn_mod": True,
        "perturbed_attn": True,
        "use_prompt_embeddings": False,
    },
    connectors={
        **LTX_2.connectors,
        "video_connector_num_attention_heads": 32,
        "video_connector_num_layers": 8,
        "video_gated_attn": True,
        "audio_connector_num_attention_heads": 32,
        "audio_connector_attention_head_dim": 64,
        "audio_connector_num_layers": 8,
        "audio_gated_attn": True,
        "per_modality_projections": True,
        "proj_bias": True,
    },
    vae={
        **LTX_2.vae,
        "block_out_channels": (256, 512, 1024, 1024),
        "layers_per_block": (4, 6, 4, 2, 2),
        "decoder_block_out_channels": (256, 512, 512, 1024),
        "decoder_layers_per_block": (4, 6, 4, 2, 2),
        "decoder_spatio_temporal_scaling": (True, True, True, True),
        "decoder_inject_noise": (False, False, False, False, False),
        "upsample_type": ("spatiotemporal", "spatiotemporal", "temporal", "spatial"),
        "upsample_residual": (False, False, False, False),
        "upsample_factor": (2, 2, 1, 2),
        "decoder_spatial_padding_mode": "zeros",
    },
    has_bandwidth_extension=True,
    latent_upsampler={"use_rational_resampler": False},
)

LTX_2_5: Final = attrs.evolve(
    LTX_2_3,
    family="ltx-2.5",
    transformer={**LTX_2_3.transformer, "ff_bias": False, "use_keyframes_abs_pos_embedding": True},
    language_model="gemma 4",
    text=GEMMA_4_12B,
)


def _tiny(family: FamilyName, checkpoint: tiny.TinyCheckpoint) -> Architecture:
    is_gemma_3 = checkpoint.language_model == "gemma 3"
    return Architecture(
        family=family,
        transformer=checkpoint.transformer,
        connectors=checkpoint.connectors,
        vae=checkpoint.vae,
        audio_vae=AUDIO_VAE,
        vocoder=checkpoint.vocoder,
        has_bandwidth_extension=checkpoint.has_bandwidth_extension,
        latent_upsampler=checkpoint.latent_upsampler,
        language_model=checkpoint.language_model,
        text=gemma3_config() if is_gemma_3 else gemma4_unified_config(),
    )


ARCHITECTURES: Final[Mapping[Scale, Mapping[FamilyName, Architecture]]] = {
    "true": {"ltx-2": LTX_2, "ltx-2.3": LTX_2_3, "ltx-2.5": LTX_2_5},
    "tiny": {
        "ltx-2": _tiny("ltx-2", tiny.LTX_2),
        "ltx-2.3": _tiny("ltx-2.3", tiny.LTX_2_3),
        "ltx-2.5": _tiny("ltx-2.5", tiny.LTX_2_5),
    },
}
