"""A Gemma tokenizer that is built on the spot: single characters, a byte fallback and a few merges."""

from typing import Final

from transformers import GemmaTokenizer

MEDIA_TOKENS: Final = {  # by the name that transformers' processors ask the tokenizer for
    "boi_token": "<start_of_image>",
    "eoi_token": "<end_of_image>",
    "image_token": "<image_soft_token>",
    "boa_token": "<start_of_audio>",
    "eoa_token": "<end_of_audio>",
    "audio_token": "<audio_soft_token>",
    "video_token": "<|video|>",  # the only name that Gemma4Processor takes
}
_SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *MEDIA_TOKENS.values())
_MERGES = (("t", "h"), ("th", "e"), ("i", "n"), ("a", "n"), ("e", "r"))
_SPACE = "▁"  # Gemma writes a space as U+2581
_TOKENS = 1024
"""Prompt length of LTX-2, a multiple of the connectors' 128 registers."""

_CHAT_TEMPLATE = """\
{{ bos_token }}
{%- for message in messages %}
    {{- message['role'] + ': ' }}
    {%- if message['content'] is string %}
        {{- message['content'] }}
    {%- else %}
        {%- for part in message['content'] %}
            {{- IMAGE if part['type'] == 'image' else part['text'] }}
        {%- endfor %}
    {%- endif %}
    {{- ' ' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- 'model: ' }}
{%- endif %}
"""


def vocabulary() -> dict[str, int]:
    """Every token with its id: specials, 256 bytes, printable ASCII, the space mark, the merges' results."""
    tokens = [*_SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [chr(code) for code in range(0x21, 0x7F)]
    tokens += [_SPACE, *(left + right for left, right in _MERGES)]
    return {token: index for index, token in enumerate(tokens)}


def vocabulary_size() -> int:
    """Rows of an embedding for the vocabulary: a multiple of 64, as Gemma's is."""
    return -(-len(vocabulary()) // 64) * 64


def unwritten_tokens() -> list[int]:
    """Ids that an enhanced prompt of random weights shall not hold: everything but letters, the space and the end."""
    written = {_SPACE, "<eos>", *(left + right for left, right in _MERGES)}
    ids = {index for token, index in vocabulary().items() if token in written or (len(token) == 1 and token.isalpha())}
    return [index for index in range(vocabulary_size()) if index not in ids]


def build_tokenizer() -> GemmaTokenizer:
    """The tokenizer, padding on the left to at most 1024 tokens as LTX-2's does."""
    return GemmaTokenizer(
        vocab=vocabulary(),
        merges=list(_MERGES),
        padding_side="left",
        model_max_length=_TOKENS,
        add_bos_token=True,
        extra_special_tokens=dict(MEDIA_TOKENS),
    )


def build_chat_tokenizer(image: str) -> GemmaTokenizer:
    """The tokenizer with a chat template that puts the text `image` where a picture belongs."""
    tokenizer = build_tokenizer()
    tokenizer.chat_template = _CHAT_TEMPLATE.replace("IMAGE", f"'{image}'")
    return tokenizer
