"""What a job's caller is answered: plain JSON, as large as can be delivered."""

import json
from typing import Any, Final

Reply = dict[str, Any]

MAX_REPLY_BYTES: Final = 1 << 20
"""A reply has a few kilobytes, and one of sixteen clips at most a hundred; RunPod takes 20 MB."""


def sealed(reply: Reply) -> Reply:
    """`reply` as it comes out of its own JSON text: whatever cannot be delivered is found here.

    The SDK (runpod 1.12.0) posts nothing at all for what JSON or UTF-8 cannot hold, so that the job hangs until its
    limit, and goes on silently where the platform refuses more than 20 MB. Half a surrogate pair, which a caller
    can send and a message may repeat, becomes "?".

    Raises:
        ValueError: NaN, an infinity, a cycle, or more than a megabyte.
        TypeError: a value that JSON does not know.
    """
    body = _body(reply)
    if len(body) > MAX_REPLY_BYTES:
        message = f"the reply has {len(body)} bytes"
        raise ValueError(message)
    delivered: Reply = json.loads(body)
    return delivered


def size_of(reply: Reply) -> int:
    """Bytes of its JSON text. Raises as `sealed`, but for its size."""
    return len(_body(reply))


def _body(reply: Reply) -> bytes:
    return json.dumps(reply, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
