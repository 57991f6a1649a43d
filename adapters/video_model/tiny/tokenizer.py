"""A Gemma tokenizer that is built on the spot: single characters, a byte fallback and a few merges."""

from transformers import GemmaTokenizer

_SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_image>", "<end_of_image>", "<image_soft_token>")
_MERGES = (("t", "h"), ("th", "e"), ("i", "n"), ("a", "n"), ("e", "r"))
_SPACE = "▁"  # Gemma writes a space as U+2581
_TOKENS = 1024
"""Prompt length of LTX-2, a multiple of the connectors' 128 registers."""


def vocabulary() -> dict[str, int]:
    """Every token with its id: specials, 256 bytes, printable ASCII, the space mark, the merges' results."""
    tokens = [*_SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [chr(code) for code in range(0x21, 0x7F)]
    tokens += [_SPACE, *(left + right for left, right in _MERGES)]
    return {token: index for index, token in enumerate(tokens)}


def build_tokenizer() -> GemmaTokenizer:
    """The tokenizer, padding on the left to at most 1024 tokens as LTX-2's does."""
    return GemmaTokenizer(vocab=vocabulary(), merges=list(_MERGES), padding_side="left", model_max_length=_TOKENS)
