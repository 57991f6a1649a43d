"""Constructor arguments of components that the tiny checkpoints share, and the widths that must agree between them.

Every factor that shows outside is the real one: 32 x 32 x 8 video compression, 25 audio latents a second,
128 connector registers, the vocoder's sampling rate. Widths and depths are as small as the classes allow; what
must agree with what is written beside it. Measured with diffusers 0.42.1 and transformers 5.23.
"""

from collections.abc import Mapping
from typing import Any, Final

Config = Mapping[str, Any]  # what diffusers' and transformers' constructors take

LATENT_CHANNELS: Final = 16
MEL_BINS: Final = 16
TEXT_WIDTH: Final = 32
TEXT_LAYERS: Final = 2
HEADS: Final = 2
VIDEO_HEAD: Final = 16
AUDIO_HEAD: Final = 8
AUDIO_CHANNELS: Final = 8
"""`audio_vae.base_channels`, which must equal latent channels (2) x mel bins / 4 and the transformer's input."""

AUDIO_VAE: Final[Config] = {
    "base_channels": AUDIO_CHANNELS,
    "ch_mult": (1, 2, 4),
    "num_res_blocks": 1,
    "latent_channels": 2,
    "mel_bins": MEL_BINS,
}

DYNAMIC_SCHEDULE: Final[Config] = {  # as in Lightricks/LTX-2: a dev checkpoint's dynamic shift
    "use_dynamic_shifting": True,
    "base_shift": 0.95,
    "max_shift": 2.05,
    "base_image_seq_len": 1024,
    "max_image_seq_len": 4096,
    "shift_terminal": 0.1,
}

STATIC_SCHEDULE: Final[Config] = {  # a distilled checkpoint's: sigmas are run as they are given
    **DYNAMIC_SCHEDULE,
    "use_dynamic_shifting": False,
    "shift_terminal": None,
}

TRANSFORMER: Final[Config] = {
    "in_channels": LATENT_CHANNELS,
    "out_channels": LATENT_CHANNELS,
    "num_attention_heads": HEADS,
    "attention_head_dim": VIDEO_HEAD,
    "cross_attention_dim": HEADS * VIDEO_HEAD,  # must equal heads x head width
    "audio_in_channels": AUDIO_CHANNELS,
    "audio_out_channels": AUDIO_CHANNELS,
    "audio_num_attention_heads": HEADS,
    "audio_attention_head_dim": AUDIO_HEAD,
    "audio_cross_attention_dim": HEADS * AUDIO_HEAD,
    "num_layers": 2,
    "caption_channels": TEXT_WIDTH,
    "rope_type": "split",
}

CONNECTORS: Final[Config] = {
    "caption_channels": TEXT_WIDTH,
    "text_proj_in_factor": TEXT_LAYERS + 1,  # every hidden state of the text encoder, the embedding included
    "video_connector_num_attention_heads": HEADS,
    "video_connector_attention_head_dim": VIDEO_HEAD,
    "video_connector_num_layers": 1,
    "audio_connector_num_attention_heads": HEADS,
    "audio_connector_attention_head_dim": VIDEO_HEAD,
    "audio_connector_num_layers": 1,
    "rope_type": "split",
}

VAE: Final[Config] = {
    "latent_channels": LATENT_CHANNELS,
    "block_out_channels": (16, 32, 64, 64),
    "layers_per_block": (1, 1, 1, 1, 1),
    "spatial_compression_ratio": 32,  # without both of these the class works out 64 and 16
    "temporal_compression_ratio": 8,
    "decoder_causal": False,
}

UPSAMPLER: Final[Config] = {
    "in_channels": LATENT_CHANNELS,
    "mid_channels": 32,  # normalised in 32 groups
    "num_blocks_per_stage": 1,
}
