"""Base64 from a request to bytes."""

import base64
import binascii
import re
from typing import Final

from adapters.http.faults import at_field
from domain.errors import InputRefused, InputUnreadable

_DATA_URL: Final = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)
_BASE64_MARK: Final = ";base64,"


def decode_base64(text: str, path: str, max_bytes: int) -> bytes:
    """The bytes of base64 in the standard alphabet, padded; line breaks and a `data:` URL's head are tolerated.

    The head's media type is only a claim and is not looked at. The size is judged before anything is decoded.

    Raises:
        InputRefused: more than `max_bytes`.
        InputUnreadable: no base64.
    """
    head = _DATA_URL.match(text)
    if head is not None and not head[0].lower().endswith(_BASE64_MARK):
        raise at_field(InputUnreadable, path, "must hold base64 if it is a data: URL")
    compact = "".join(text[head.end() if head else 0 :].split())
    if len(compact) // 4 * 3 - compact[-2:].count("=") > max_bytes:
        raise at_field(InputRefused, path, f"must be at most {max_bytes} bytes when decoded")
    try:
        return base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as exc:  # ValueError: characters outside ASCII
        raise at_field(InputUnreadable, path, "is not valid base64") from exc
