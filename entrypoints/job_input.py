"""Where the command line's requests come from: a file, standard input, flags."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TextIO

from entrypoints.job_fields import fields_of

_SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)


class InputError(Exception):
    """The command line does not lead to a request: wrong usage, an unreadable file, no JSON."""


def input_from_file(file: TextIO) -> dict[str, Any]:
    """What the job in a JSON file asks for, which has the form that RunPod's API takes. Raises InputError."""
    try:
        document = json.load(file)
    except (ValueError, RecursionError) as exc:
        message = f"{file.name} is no JSON: {exc}"
        raise InputError(message) from exc
    fields = fields_of(document) if isinstance(document, dict) else None
    if not isinstance(fields, dict):
        message = f'{file.name} must hold an object of the form {{"input": {{"prompt": "…"}}}}'
        raise InputError(message)
    return fields


def input_from_flags(flags: Mapping[str, Any], image: Path | None, size: str | None) -> dict[str, Any]:
    """The fields that flags ask for: those that are not None, a picture as base64, WxH as width and height.

    A picture without a mode means `i2v`. Raises InputError.
    """
    fields = {name: value for name, value in flags.items() if value is not None}
    if size is not None:
        sides = _SIZE.fullmatch(size)
        if sides is None:
            message = f"--size must be WIDTHxHEIGHT, such as 1280x720, got {size}"
            raise InputError(message)
        fields["width"], fields["height"] = int(sides[1]), int(sides[2])
    if image is not None:
        fields.setdefault("mode", "i2v")
        fields["image_base64"] = base64.b64encode(_read(image)).decode("ascii")
    return fields


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"{path} cannot be read: {exc.strerror}"
        raise InputError(message) from exc
