"""SUPABASE_URL and the keys: what people paste, and what of it can work."""

import base64
import binascii
import ipaddress
import json
import re
from typing import Final
from urllib.parse import urlsplit

from domain.errors import InvalidValue
from domain.secret import Secret

_PASTED: Final = ("/rest/v1", "/storage/v1", "/auth/v1")
_HEADER_TEXT: Final = re.compile(r"[!-~]+", re.ASCII)
_BROWSER_ROLES: Final = frozenset({"anon", "authenticated"})
_JWT_PARTS: Final = 3
_NEEDED: Final = "needed is the secret key (sb_secret_…) or the legacy service_role key"


def project_url(text: str) -> str:
    """The project's root: without a trailing slash, and without an API's path that was pasted along.

    Raises:
        ValueError: it is no https URL; plain http is for loopback hosts only.
    """
    parts = urlsplit(text)
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if not parts.hostname or not is_plain or not _HEADER_TEXT.fullmatch(text):
        raise ValueError
    if parts.port == 0:  # raises ValueError by itself where it is no port number
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError
    path = parts.path.rstrip("/")
    for pasted in _PASTED:
        path = path.removesuffix(pasted)
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


def server_key(text: str) -> Secret:
    """A key that may write to the store, as far as its form tells. The text is never part of a message.

    Raises:
        InvalidValue: no header can carry it, or it is a key for browsers.
    """
    secret = header_secret(text)
    if text.startswith("sb_publishable_"):
        message = f"must be a server's key and no publishable one (sb_publishable_…): {_NEEDED}"
        raise InvalidValue(message)
    role = _jwt_role(text)
    if role in _BROWSER_ROLES:
        message = f"must be a server's key and no JWT with the role {role}: {_NEEDED}"
        raise InvalidValue(message)
    return secret


def header_secret(text: str) -> Secret:
    """A secret that fits into a header.

    Raises:
        InvalidValue: it does not; the HTTP client's own error would carry the secret in its text.
    """
    if not _HEADER_TEXT.fullmatch(text):
        message = "must be printable ASCII without spaces or line breaks"
        raise InvalidValue(message)
    return Secret(text)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _jwt_role(text: str) -> str | None:
    """The role claim of a JWT; None: it is no JWT, or has none."""
    parts = text.split(".")
    if len(parts) != _JWT_PARTS:
        return None
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    role = claims.get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else None
