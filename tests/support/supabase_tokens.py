"""The keys of a Supabase project, and Storage's verdict on what it gets as one."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

_NO_JWT = "Invalid Compact JWS"
_FOREIGN = "signature verification failed"
_EXPIRED = '"exp" claim timestamp check failed'


class TokenRefused(Exception):
    """Carries the message that Storage answers with."""


def sign_token(payload: Mapping[str, object], secret: str) -> str:
    """`payload` as an HS256 JWT."""
    head = f"{_encode(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{_encode(json.dumps(payload).encode())}"
    return f"{head}.{_signature(head, secret)}"


def read_token(token: str, secret: str, now: float) -> dict[str, Any]:
    """The payload of a JWT. Raises TokenRefused."""
    head, _, signature = token.rpartition(".")
    try:
        payload = json.loads(_decode(head.split(".")[1]))
    except (ValueError, IndexError) as exc:
        raise TokenRefused(_NO_JWT) from exc
    if not hmac.compare_digest(signature, _signature(head, secret)):
        raise TokenRefused(_FOREIGN)
    if payload["exp"] <= now:
        raise TokenRefused(_EXPIRED)
    return dict(payload)


def role_key(role: str, secret: str, *, lifetime: float = 3600.0) -> str:
    """A legacy key of a project: a JWT that names a role of its database."""
    now = time.time()
    return sign_token({"iss": "supabase", "role": role, "iat": int(now), "exp": now + lifetime}, secret)


def _signature(head: str, secret: str) -> str:
    return _encode(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
