"""The decoding process for pictures, where a file of JSON says what goes wrong."""

import ctypes
import json
from collections.abc import Mapping
from typing import Any

from adapters.image_fetcher.child import decode, decode_one_of_each
from adapters.sandbox.child import Result, serve


def obey(data: bytes, arguments: Mapping[str, Any]) -> Result:
    """{"fields": …, "size": …}: claim so; {}: crash; anything else: decode."""
    if not data.startswith(b"{"):
        return decode(data, arguments)
    file = json.loads(data)
    if not file:
        ctypes.string_at(0)
    return Result(file["fields"], memoryview(bytes(file["size"])))


if __name__ == "__main__":
    serve({"decode": obey}, decode_one_of_each)
