"""Configurations of the tiny checkpoints, one per family.

Every factor that shows outside is the real one: 32 x 32 x 8 video compression, 25 audio latents a second,
128 connector registers, the vocoder's sampling rate. Widths and depths are as small as the classes allow; what
must agree with what is written beside it. Measured with diffusers 0.42.1 and transformers 5.23.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

Config = Mapping[str, Any]  # what diffusers' and transformers' constructors take

LATENT_CHANNELS: Final = 16
MEL_BINS: Final = 16
TEXT_WIDTH: Final = 32
TEXT_LAYERS: Final = 2
_AUDIO_CHANNELS: Final = 8
"""`audio_vae.base_channels`, which must equal latent channels (2) x mel bins / 4 and the transformer's input."""
_HEADS: Final = 2
_VIDEO_HEAD: Final = 16
_AUDIO_HEAD: Final = 8


@attrs.frozen(kw_only=True)
class TinyCheckpoint:
    """Constructor arguments of each component of one tiny checkpoint."""

    transformer: Config
    connectors: Config
    vae: Config
    vocoder: Config
    has_bandwidth_extension: bool
    """Whether the vocoder is `LTX2VocoderWithBWE` (48 kHz) or `LTX2Vocoder` (24 kHz)."""


AUDIO_VAE: Final[Config] = {
    "base_channels": _AUDIO_CHANNELS,
    "ch_mult": (1, 2, 4),
    "num_res_blocks": 1,
    "latent_channels": 2,
    "mel_bins": MEL_BINS,
}

SCHEDULER: Final[Config] = {  # as in Lightricks/LTX-2: a dev checkpoint's dynamic shift
    "use_dynamic_shifting": True,
    "base_shift": 0.95,
    "max_shift": 2.05,
    "base_image_seq_len": 1024,
    "max_image_seq_len": 4096,
    "shift_terminal": 0.1,
}

_TRANSFORMER: Final[Config] = {
    "in_channels": LATENT_CHANNELS,
    "out_channels": LATENT_CHANNELS,
    "num_attention_heads": _HEADS,
    "attention_head_dim": _VIDEO_HEAD,
    "cross_attention_dim": _HEADS * _VIDEO_HEAD,  # must equal heads x head width
    "audio_in_channels": _AUDIO_CHANNELS,
    "audio_out_channels": _AUDIO_CHANNELS,
    "audio_num_attention_heads": _HEADS,
    "audio_attention_head_dim": _AUDIO_HEAD,
    "audio_cross_attention_dim": _HEADS * _AUDIO_HEAD,
    "num_layers": 2,
    "caption_channels": TEXT_WIDTH,
    "rope_type": "split",
}

_CONNECTORS: Final[Config] = {
    "caption_channels": TEXT_WIDTH,
    "text_proj_in_factor": TEXT_LAYERS + 1,  # every hidden state of the text encoder, the embedding included
    "video_connector_num_attention_heads": _HEADS,
    "video_connector_attention_head_dim": _VIDEO_HEAD,
    "video_connector_num_layers": 1,
    "audio_connector_num_attention_heads": _HEADS,
    "audio_connector_attention_head_dim": _VIDEO_HEAD,
    "audio_connector_num_layers": 1,
    "rope_type": "split",
}

_VAE: Final[Config] = {
    "latent_channels": LATENT_CHANNELS,
    "block_out_channels": (16, 32, 64, 64),
    "layers_per_block": (1, 1, 1, 1, 1),
    "spatial_compression_ratio": 32,  # without both of these the class works out 64 and 16
    "temporal_compression_ratio": 8,
    "decoder_causal": False,
}

LTX_2: Final = TinyCheckpoint(
    transformer=_TRANSFORMER,
    connectors=_CONNECTORS,
    vae={
        **_VAE,
        "decoder_block_out_channels": (16, 32, 64),
        "decoder_layers_per_block": (1, 1, 1, 1),
    },
    vocoder={"in_channels": 2 * MEL_BINS, "hidden_channels": 64},
    has_bandwidth_extension=False,
)

LTX_2_3: Final = TinyCheckpoint(
    transformer={
        **_TRANSFORMER,
        "gated_attn": True,
        "cross_attn_mod": True,
        "audio_gated_attn": True,
        "audio_cross_attn_mod": True,
        "perturbed_attn": True,
        "use_prompt_embeddings": False,
    },
    connectors={
        **_CONNECTORS,
        "audio_connector_attention_head_dim": _AUDIO_HEAD,
        "video_gated_attn": True,
        "audio_gated_attn": True,
        "per_modality_projections": True,
        "proj_bias": True,
        "video_hidden_dim": _HEADS * _VIDEO_HEAD,
        "audio_hidden_dim": _HEADS * _AUDIO_HEAD,
    },
    vae={
        **_VAE,
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
)

CHECKPOINTS: Final[Mapping[str, TinyCheckpoint]] = {"builtin/tiny": LTX_2, "builtin/tiny-2.3": LTX_2_3}
"""By MODEL_NAME."""


def text_config(vocabulary: Mapping[str, int]) -> Config:
    """Arguments of `Gemma3Config` for a tokenizer with `vocabulary`."""
    size = -(-len(vocabulary) // 64) * 64
    return {
        "text_config": {
            "vocab_size": size,
            "hidden_size": TEXT_WIDTH,
            "intermediate_size": 64,
            "num_hidden_layers": TEXT_LAYERS,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "pad_token_id": vocabulary["<pad>"],
            "eos_token_id": vocabulary["<eos>"],
            "bos_token_id": vocabulary["<bos>"],
        },
        "vision_config": {
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 32,
            "patch_size": 8,
        },
        "mm_tokens_per_image": 4,
        "boi_token_index": vocabulary["<start_of_image>"],
        "eoi_token_index": vocabulary["<end_of_image>"],
        "image_token_index": vocabulary["<image_soft_token>"],
    }
