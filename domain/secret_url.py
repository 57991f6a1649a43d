"""A URL that a caller gives and nobody else may read: its path and query often hold a token."""

import re
from typing import Final

import attrs

from domain.errors import InvalidValue
from domain.secret import Secret

MAX_URL: Final = 2048
"""Characters of a URL; what browsers and proxies take at least."""

_TEXT: Final = re.compile(r"[!-~]+", re.ASCII)


@attrs.frozen
class SecretUrl:
    """1 to 2048 characters of printable ASCII. Whether it may be gone to is for the guard of requests to say."""

    url: Secret

    def __attrs_post_init__(self) -> None:
        text = self.url.reveal()
        if not 1 <= len(text) <= MAX_URL:
            message = f"must have 1 to {MAX_URL} characters, got {len(text)}"
            raise InvalidValue(message)
        if not _TEXT.fullmatch(text):
            message = "must be a URL of printable ASCII characters"
            raise InvalidValue(message)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no log line may repeat."""
        text = self.url.reveal()
        return (text, text.partition("?")[2])
