"""Whether what a language model answered can serve as a prompt."""

import re
from typing import Final

import attrs

from domain.requests import MAX_PROMPT

_PASSAGE: Final = 8
"""Words in a row that two texts do not share by chance."""
_GARBLED_SHARE: Final = 0.1
"""Of characters that nobody can read, above which the rest is not trusted either."""

NO_TEXT: Final = "The prompt enhancer gave no usable text: the prompt was used as it is"
ECHO: Final = "The prompt enhancer repeated its own instructions: the prompt was used as it is"
CUT: Final = f"The enhanced prompt was cut to {MAX_PROMPT:,} characters"


@attrs.frozen
class EnhancedPrompt:
    """The text to make a clip of, one line of 1 to 10,000 characters, and what the caller should know about it."""

    text: str
    warning: str | None = None


def judged(answer: str, prompt: str, instructions: str) -> EnhancedPrompt:
    """`answer` if it can be used, else `prompt`.

    An enhancer that fails gives nothing, garbled bytes, or the example out of its own `instructions`
    (github.com/Lightricks/ComfyUI-LTXVideo/issues/438).
    """
    line = " ".join(answer.split())
    readable = "".join(character for character in line if character.isprintable() and character != "\ufffd").strip()
    if len(line) - len(readable) > _GARBLED_SHARE * len(line) or not any(map(str.isalpha, readable)):
        return EnhancedPrompt(prompt, NO_TEXT)
    if _repeats(readable, instructions):
        return EnhancedPrompt(prompt, ECHO)
    if len(readable) > MAX_PROMPT:
        return EnhancedPrompt(_shortened(readable), CUT)
    return EnhancedPrompt(readable)


def _repeats(answer: str, instructions: str) -> bool:
    """Whether most of `answer` stands in `instructions`."""
    answered = _passages(answer)
    return 2 * len(answered & _passages(instructions)) > len(answered)


def _passages(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[start : start + _PASSAGE]) for start in range(len(words) - _PASSAGE + 1)}


def _shortened(text: str) -> str:
    """The whole sentences of `text` that fit; where not even one does, whole words; else what fits."""
    fitting, with_next = text[:MAX_PROMPT], text[: MAX_PROMPT + 1]
    found = (
        re.match(r".*[.!?…][\"'”’»)]{0,2}(?=\s)", with_next)  # noqa: RUF001 - quotes close after the stop
        or re.match(r".*[。！？]", fitting)  # noqa: RUF001 - full-width: CJK sentences end without a space
        or re.match(r".*(?=\s)", with_next)
    )
    return found.group() if found else fitting
