"""The decoding process for pictures, where a file of JSON says what goes wrong."""

import ctypes
import json
from collections.abc import Mapping
from typing import Any

from adapters.image_fetcher.child import decode, decode_one_of_each
from adapters.sandbox.child import InputFile, Result, serve


def obey(file: InputFile, arguments: Mapping[str, Any]) -> Result:
    """{"fields": …, "size": …}: claim so; {}: crash; anything else: decode."""
    data = file.read()
    if not data.startswith(b"{"):
        return decode(file, arguments)
    claim = json.loads(data)
    if not claim:
        ctypes.string_at(0)
    return Result(claim["fields"], memoryview(bytes(claim["size"])))


if __name__ == "__main__":
    serve({"decode": obey}, decode_one_of_each)
