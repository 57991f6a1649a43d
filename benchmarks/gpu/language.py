"""The language models that encode prompts, with the vision parts that are loaded with them and lie in memory.

Sources, in github.com/huggingface/transformers: `models/gemma3/convert_gemma3_weights.py`, variant gemma3_12b, and
`models/gemma4_unified/convert_gemma4_unified_weights.py`, variant gemma-4-12b. Counted, these are 12.2 and 11.96
billion parameters; the model card of google/gemma-4-12B says 11.95. Lightricks' own Gemma 4 of LTX-2.5 is gated: that
it has these shapes is taken from the size of its file (26.3 GB with a projection of about 2.3 GB).
"""

from typing import Final

from adapters.video_model.tiny.parts import Config

GEMMA_3_12B: Final[Config] = {
    "text_config": {
        "vocab_size": 262_208,
        "hidden_size": 3840,
        "intermediate_size": 15_360,
        "num_hidden_layers": 48,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 256,
        "sliding_window": 1024,
    },
    "vision_config": {
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_hidden_layers": 27,
        "num_attention_heads": 16,
        "image_size": 896,
        "patch_size": 14,
        "vision_use_head": False,
    },
}
"""Arguments of `Gemma3Config`. The factor of the rotary positions is left out: it is no shape."""

GEMMA_4_12B: Final[Config] = {
    "text_config": {
        "vocab_size": 262_144,
        "hidden_size": 3840,
        "intermediate_size": 15_360,
        "num_hidden_layers": 48,  # every sixth sees all tokens: the class's own pattern
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "num_global_key_value_heads": 1,
        "head_dim": 256,
        "global_head_dim": 512,
        "attention_k_eq_v": True,
        "final_logit_softcapping": 30.0,
    },
    "vision_config": {},  # the classes' defaults are the 12B's
    "audio_config": {},
}
"""Arguments of `Gemma4UnifiedConfig`."""
