"""Safetensors files, as far as they can be judged by their header (github.com/huggingface/safetensors, "Format")."""

import json
from pathlib import Path
from typing import Final

_LENGTH_BYTES: Final = 8


def is_whole(file: Path) -> bool:
    """Whether `file` is a regular safetensors file, as long as its header says.

    What an interrupted download leaves is not, nor is a pointer of git-lfs in its place.
    """
    if not file.is_file():
        return False
    try:
        return _expected_bytes(file) == file.stat().st_size
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False


def _expected_bytes(file: Path) -> int:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        if length > size:
            raise ValueError
        header = json.loads(stream.read(length))
    ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    return _LENGTH_BYTES + length + max(ends, default=0)
