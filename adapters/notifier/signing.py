"""The headers of Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks)."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable


def signed_headers(event_id: str, at: dt.datetime, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """The headers for `body`, which has to be sent as it is. `at`, aware, is the moment of this try.

    One signature for each key, separated by spaces: a receiver takes the one that it knows.
    """
    timestamp = int(at.timestamp())
    content = f"{event_id}.{timestamp}.".encode("ascii") + body
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_signature(content, key)}" for key in keys),
    }


def _signature(content: bytes, key: bytes) -> str:
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")
