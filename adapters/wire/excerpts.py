"""How a refused value is shown to the caller: in JSON's words, short, and never whole."""

import json
from typing import Final

MAX_EXCERPT: Final = 60
"""Characters of a value or of a field's name that a message repeats."""

MAX_INTEGER: Final = 2**63 - 1


def excerpt(value: object) -> str:
    """`value` as JSON writes it, at most 60 characters. Of lists and objects only the kind is told."""
    match value:
        case None | bool() | float():
            return json.dumps(value)
        case str():
            return _quoted(value)
        case int():
            return str(value) if is_64_bit(value) else "an integer of more than 64 bits"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a value that JSON does not have"


def name_excerpt(name: object) -> str:
    """A field's name as a path shows it, without quotes, at most 60 characters."""
    return _quoted(name)[1:-1] if isinstance(name, str) else excerpt(name)


def is_64_bit(number: int) -> bool:
    """Whether `number` is within ±2^63. Beyond, Python's own text and float conversions may raise."""
    return -MAX_INTEGER - 1 <= number <= MAX_INTEGER


def _quoted(text: str) -> str:
    quoted = json.dumps(text[: MAX_EXCERPT + 1], ensure_ascii=False)
    printable = quoted.encode("utf-8", "backslashreplace").decode()  # lone surrogates fit in no reply
    return printable if len(printable) <= MAX_EXCERPT else printable[: MAX_EXCERPT - 2] + '…"'
