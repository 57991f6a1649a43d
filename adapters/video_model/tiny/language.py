"""Configurations of the language models: Gemma 3, Gemma 4 unified, and Gemma 4 as the prompt enhancer."""

from collections.abc import Mapping
from typing import Any, Final

from transformers import GenerationConfig

from adapters.video_model.tiny.parts import TEXT_LAYERS, TEXT_WIDTH, Config
from adapters.video_model.tiny.tokenizer import MEDIA_TOKENS, unwritten_tokens, vocabulary, vocabulary_size

IMAGE_SIZE: Final = 32
"""Side in pixels of what Gemma 3 sees of a picture."""
IMAGE_TOKENS: Final = 4
"""Tokens that a picture becomes in Gemma 3."""
PATCH: Final = 4
"""Side in pixels of what Gemma 4 sees at once of a picture."""
POOLING: Final = 2
"""Side in patches of a token of a picture in Gemma 4; 1 fails: without pooling the padding is taken for the picture."""
MOST_IMAGE_TOKENS: Final = 70
"""The smallest of the numbers that Gemma 4's image processor takes."""
_VISION_WIDTH: Final = 16
_SPREAD: Final = 0.1
"""Deviation of random weights. With the usual 0.02 every prompt and picture is answered alike."""


def gemma3_config() -> Config:
    """Arguments of `Gemma3Config`."""
    ids = _media_ids()
    return {
        "text_config": _text_config(),
        "vision_config": {
            "hidden_size": _VISION_WIDTH,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": IMAGE_SIZE,
            "patch_size": 8,
        },
        "mm_tokens_per_image": IMAGE_TOKENS,
        "boi_token_index": ids["boi_token"],
        "eoi_token_index": ids["eoi_token"],
        "image_token_index": ids["image_token"],
    }


def gemma4_unified_config() -> Config:
    """Arguments of `Gemma4UnifiedConfig`, LTX-2.5's text encoder."""
    return {
        "text_config": _gemma4_text_config(),
        "vision_config": {
            "patch_size": PATCH,
            "pooling_kernel_size": 1,
            "mm_embed_dim": TEXT_WIDTH,
            "mm_posemb_size": 16,
            "output_proj_dims": TEXT_WIDTH,
        },
        "audio_config": {"audio_embed_dim": 16},
        **_gemma4_media_ids(),
    }


def gemma4_config() -> Config:
    """Arguments of `Gemma4Config`, LTX-2.5's prompt enhancer (google/gemma-4-E2B-it) without its audio tower."""
    return {
        "text_config": {
            **_gemma4_text_config(),
            "vocab_size_per_layer_input": vocabulary_size(),
            "hidden_size_per_layer_input": 8,
        },
        "vision_config": {
            "hidden_size": _VISION_WIDTH,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "patch_size": PATCH,
            "pooling_kernel_size": POOLING,
            "position_embedding_size": MOST_IMAGE_TOKENS * POOLING,  # a strip one token high has them all in a row
            "initializer_range": _SPREAD,
        },
        "audio_config": None,
        "initializer_range": _SPREAD,
        **_gemma4_media_ids(),
    }


def generation_config() -> GenerationConfig:
    """How an enhancer with random weights writes: letters and spaces only, 4 tokens or more, seldom above 40.

    It is stored with the weights, and `enhance_prompt` overrides what it sets itself.
    """
    ids = vocabulary()
    return GenerationConfig(
        pad_token_id=ids["<pad>"],
        bos_token_id=ids["<bos>"],
        eos_token_id=ids["<eos>"],
        suppress_tokens=unwritten_tokens(),
        min_new_tokens=4,
        exponential_decay_length_penalty=(24, 1.5),  # makes the end likelier with each token from the 24th on
    )


def _text_config() -> dict[str, Any]:
    ids = vocabulary()
    return {
        "vocab_size": vocabulary_size(),
        "hidden_size": TEXT_WIDTH,
        "intermediate_size": 64,
        "num_hidden_layers": TEXT_LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "pad_token_id": ids["<pad>"],
        "eos_token_id": ids["<eos>"],
        "bos_token_id": ids["<bos>"],
        "initializer_range": _SPREAD,
    }


def _gemma4_text_config() -> dict[str, Any]:
    return {
        **_text_config(),
        "global_head_dim": 16,  # of the full-attention layers; 512 by default
        "layer_types": ["sliding_attention", "full_attention"],  # the last must be full
    }


def _media_ids() -> Mapping[str, int]:
    ids = vocabulary()
    return {name: ids[token] for name, token in MEDIA_TOKENS.items()}


def _gemma4_media_ids() -> dict[str, int]:
    ids = {f"{name}_id": index for name, index in _media_ids().items()}
    ids["eoa_token_index"] = ids.pop("eoa_token_id")  # transformers' own inconsistency
    return ids
