"""Where something is: hosts, addresses and paths, taken out of a text."""

import ipaddress
import re
from typing import Final

_HOST: Final = "[host]"
_ADDRESS: Final = "[address]"
_PATH: Final = "[path]"

_SUFFIXES: Final = (
    "ai|app|arpa|biz|cloud|co|com|consul|corp|de|dev|edu|eu|example|gov|info|internal|invalid|io|lan|local|localdomain|"
    "net|org|ru|svc|tech|test|uk|us|xyz"
)
"""Last labels of names that are taken for a host's wherever they stand. All that has a dot cannot be: modules and files
have too."""

_RULES: Final = (
    (re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://)(?!\[host])[^\s/?#\"'<>\\]+", re.IGNORECASE), rf"\1{_HOST}"),
    (
        re.compile(
            r"""\b(
                host(?:name)?\\{0,2}['"]?\s?[=:]\s?\\{0,2}['"]?
              | (?:to|resolve)[ ]host[ ]
              | resolve[ ]\\{0,2}['"]
            )[\w-][\w.-]*""",
            re.IGNORECASE | re.VERBOSE,
        ),
        rf"\1{_HOST}",
    ),
    (
        re.compile(
            rf"(?<![\w./-])(?:[a-z0-9_](?:[a-z0-9_-]{{0,61}}[a-z0-9_])?\.)+(?:{_SUFFIXES})(?![\w-]|\.\w)", re.IGNORECASE
        ),
        _HOST,
    ),
    (re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\.?\w)"), _ADDRESS),
    (
        re.compile(r"(?:(?<=\bfile://)|(?<![\w<>\]:/.~*-]))/(?:[^\s/\"'<>:,;|()\[\]]+/)+[^\s\"'<>:,;|()\[\]]*"),
        _PATH,
    ),
)
"""The last one: absolute paths of two parts and more, but for what follows a masked host or a named root."""

_MAYBE_IPV6: Final = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9.]{7,15}|[0-9a-f]{0,4})(?![\w:])", re.IGNORECASE
)


def without_places(text: str) -> str:
    """`text` without hosts (of URLs, and names that end as hosts' do), IP addresses and absolute paths."""
    text = _MAYBE_IPV6.sub(_masked_if_address, text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _masked_if_address(found: re.Match[str]) -> str:
    """Times and C++ names have colons too."""
    try:
        ipaddress.IPv6Address(found[0])
    except ValueError:
        return found[0]
    return _ADDRESS
