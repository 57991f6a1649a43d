"""The tiny checkpoints, one per family: what differs between LTX-2, 2.3 and 2.5."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from adapters.video_model.tiny.parts import (
    AUDIO_HEAD,
    CONNECTORS,
    DYNAMIC_SCHEDULE,
    HEADS,
    MEL_BINS,
    STATIC_SCHEDULE,
    TRANSFORMER,
    UPSAMPLER,
    VAE,
    VIDEO_HEAD,
    Config,
)


@attrs.frozen(kw_only=True)
class TinyCheckpoint:
    """Constructor arguments of each component of one tiny checkpoint.

    `language_model`: Gemma 3 encodes prompts and enhances them; beside a Gemma 4 encoder a second Gemma 4 enhances.
    `has_bandwidth_extension`: whether the vocoder is `LTX2VocoderWithBWE` (48 kHz) or `LTX2Vocoder` (24 kHz).
    `temporal_upsampler` None: as in all published repositories; one has it, to show what it does where it is added.
    `duration_head` None: the family has none. `has_distilled_lora`: dev checkpoints have such a file beside them.
    """

    scheduler: Config
    transformer: Config
    connectors: Config
    vae: Config
    vocoder: Config
    has_bandwidth_extension: bool
    latent_upsampler: Config
    temporal_upsampler: Config | None = None
    language_model: Literal["gemma 3", "gemma 4"]
    duration_head: Config | None = None
    has_distilled_lora: bool


LTX_2: Final = TinyCheckpoint(
    scheduler=DYNAMIC_SCHEDULE,
    transformer=TRANSFORMER,
    connectors=CONNECTORS,
    vae={
        **VAE,
        "decoder_block_out_channels": (16, 32, 64),
        "decoder_layers_per_block": (1, 1, 1, 1),
    },
    vocoder={"in_channels": 2 * MEL_BINS, "hidden_channels": 64},
    has_bandwidth_extension=False,
    latent_upsampler={**UPSAMPLER, "use_rational_resampler": True},
    language_model="gemma 3",
    has_distilled_lora=True,
)

LTX_2_3: Final = TinyCheckpoint(
    scheduler=DYNAMIC_SCHEDULE,
    transformer={
        **TRANSFORMER,
        "gated_attn": True,
        "cross_attn_mod": True,
        "audio_gated_attn": True,
        "audio_cross_attn_mod": True,
        "perturbed_attn": True,
        "use_prompt_embeddings": False,
    },
    connectors={
        **CONNECTORS,
        "audio_connector_attention_head_dim": AUDIO_HEAD,
        "video_gated_attn": True,
        "audio_gated_attn": True,
        "per_modality_projections": True,
        "proj_bias": True,
        "video_hidden_dim": HEADS * VIDEO_HEAD,
        "audio_hidden_dim": HEADS * AUDIO_HEAD,
    },
    vae={
        **VAE,
        "decoder_block_out_channels": (16, 32, 32, 64),
        "decoder_layers_per_block": (1, 1, 1, 1, 1),
        "decoder_spatio_temporal_scaling": (True, True, True, True),
        "decoder_inject_noise": (False, False, False, False, False),
        "upsample_type": ("spatiotemporal", "spatiotemporal", "temporal", "spatial"),
        "upsample_factor": (2, 2, 1, 2),
        "upsample_residual": (False, False, False, False),
        "decoder_spatial_padding_mode": "zeros",
    },
    vocoder={
        "in_channels": 2 * MEL_BINS,
        "hidden_channels": 128,  # halved by each of six upsamplers
        "resnet_kernel_sizes": [3],
        "resnet_dilations": [[1]],
        "bwe_in_channels": 2 * MEL_BINS,
        "bwe_hidden_channels": 64,
        "bwe_resnet_kernel_sizes": [3],
        "bwe_resnet_dilations": [[1]],
        "num_mel_channels": MEL_BINS,
    },
    has_bandwidth_extension=True,
    latent_upsampler={**UPSAMPLER, "use_rational_resampler": False},
    temporal_upsampler={**UPSAMPLER, "spatial_upsample": False, "temporal_upsample": True},
    language_model="gemma 3",
    has_distilled_lora=True,
)

LTX_2_5: Final = attrs.evolve(
    LTX_2_3,
    scheduler=STATIC_SCHEDULE,
    transformer={**LTX_2_3.transformer, "ff_bias": False, "use_keyframes_abs_pos_embedding": True},
    temporal_upsampler=None,
    language_model="gemma 4",
    duration_head={
        "video_cross_attention_dim": HEADS * VIDEO_HEAD,  # widths of the connectors' outputs
        "audio_cross_attention_dim": HEADS * AUDIO_HEAD,
        "pooler_hidden_dim": 16,
        "num_pooler_heads": 2,
        "mlp_hidden_dim": 16,
    },
    has_distilled_lora=False,
)
"""What a fresh module starts at zero stays zero here: `keyframes_abs_pos_embedding` marks a keyframe with nothing."""

CHECKPOINTS: Final[Mapping[str, TinyCheckpoint]] = {
    "builtin/tiny": LTX_2,
    "builtin/tiny-2.3": LTX_2_3,
    "builtin/tiny-2.5": LTX_2_5,
}
"""By MODEL_NAME."""
