"""A string that must not be seen."""

from typing import Final

import attrs

_MASK: Final = "********"


@attrs.frozen(repr=False)
class Secret:
    """A key or a token. Its repr and str are a mask; `reveal` is the one way to the text."""

    _text: str

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK
