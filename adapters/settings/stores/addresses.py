"""What the stores' variables have in common: addresses of servers, and how long a signature may last."""

import ipaddress
from typing import Final, NewType
from urllib.parse import urlsplit

from adapters.settings.values import HEADER_TEXT
from domain.errors import InvalidValue

ServerUrl = NewType("ServerUrl", str)
BaseUrl = NewType("BaseUrl", str)
WeekLifetime = NewType("WeekLifetime", int)

SERVER: Final = "an https URL without query (http only for loopback hosts)"
WEEK: Final = "a whole number of seconds, 1 to 604800 (a week: such a signature lasts no longer)"
_LONGEST_WEEK: Final = 604_800
"""What signatures of version 4 last at most, at AWS and at Google."""


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its text."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def server_url(text: str) -> str:
    """An address without a trailing slash, its scheme and host in lower case.

    Raises:
        ValueError: it is no https URL, or has a query, a fragment or a user; plain http is for loopback hosts only.
    """
    parts = urlsplit(text)
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc or "?" in text or "#" in text)
    if not parts.hostname or not is_plain or not HEADER_TEXT.fullmatch(text):
        raise ValueError
    if parts.port == 0:  # raises ValueError by itself where it is no port number
        raise ValueError
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        message = "must be an https URL: plain http would show keys and clips to the network (loopback hosts excepted)"
        raise InvalidValue(message)
    if parts.scheme not in {"http", "https"}:
        raise ValueError
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def week_lifetime(text: str) -> int:
    """Seconds, at most a week's. Raises ValueError."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:15]) <= _LONGEST_WEEK:
        raise ValueError
    return int(text)


READERS: Final = {ServerUrl: server_url, BaseUrl: server_url, WeekLifetime: week_lifetime}
