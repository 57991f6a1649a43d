"""One entry of the outbox: a folder with a content and a manifest, which others may have written or changed."""

import json
import stat
from pathlib import Path
from typing import Any, Final

import attrs

from application.ports.object_store import ObjectHeaders

CONTENT: Final = "content"
MANIFEST: Final = "manifest.json"
_MAX_MANIFEST_BYTES: Final = 1 << 16
"""A manifest has a few hundred."""


class BrokenEntry(Exception):
    """An entry that cannot be delivered. The text says why."""


@attrs.frozen
class Claim:
    """An entry that this worker alone may deliver."""

    folder: Path
    id: str

    @property
    def content(self) -> Path:
        return self.folder / CONTENT

    def manifest(self) -> tuple[str, ObjectHeaders]:
        """Key and headers of the object. An entry that is a link, or holds one, is broken: it could lead to any file.

        Raises BrokenEntry, OSError.
        """
        if self.folder.is_symlink() or not _is_file(self.content) or not _is_file(self.folder / MANIFEST):
            message = "no folder with a content and a manifest, or links"
            raise BrokenEntry(message)
        try:
            with (self.folder / MANIFEST).open("rb") as file:
                content = file.read(_MAX_MANIFEST_BYTES + 1)
            manifest = json.loads(content if len(content) <= _MAX_MANIFEST_BYTES else b"")  # which is no JSON
            key, headers = _text(manifest["key"]), _headers(manifest["headers"])
            is_whole = self.content.stat().st_size == manifest["size"]
        except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError) as exc:
            message = f"no manifest: {type(exc).__name__}"
            raise BrokenEntry(message) from exc
        if not is_whole:
            message = "the content has not its size"
            raise BrokenEntry(message)
        return key, headers


def _is_file(path: Path) -> bool:
    """Whether a file is there, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _text(value: object) -> str:
    """`value` if it is a text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError
    return value


def _headers(value: dict[str, Any]) -> ObjectHeaders:
    """The headers in a manifest, each of its type. Raises TypeError."""
    headers = ObjectHeaders(**value)
    if not isinstance(headers.metadata, dict) or type(headers.cache_seconds) is not int:
        raise TypeError
    for text in (headers.content_type, headers.sha256 or "", *headers.metadata.values()):
        _text(text)
    return headers
