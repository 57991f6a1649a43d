"""Which keys the stores take: one rule, so that a key that one store takes fits them all."""

import re
from typing import Final

from domain.errors import StorageRejected

_SEGMENT: Final = re.compile(r"(?!\.)[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,200}", re.ASCII)
"""The characters of Supabase Storage, which has the narrowest rule of the stores.

No leading dot: that shuts out "." and "..", and leaves hidden names to the local store. 200 characters leave
room for its side files, as file systems take names of 255 bytes.
"""

_KEY_LENGTH: Final = 1024
"""Bytes that S3 takes for a key, and with it the stores that are built on it."""


def require_legal_key(key: str) -> None:
    """Return if `key` may name an object.

    Raises:
        StorageRejected: it may not; the message says what would be accepted.
    """
    if len(key) > _KEY_LENGTH or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        message = (
            "The object's key is not accepted: ASCII letters, digits and _!.*'() &$=@;:+,?- in segments of at most "
            "200 characters, joined by '/', none of them empty or with a dot in front"
        )
        raise StorageRejected(message)
