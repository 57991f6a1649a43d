"""Files of the local store: written whole or not at all, with a side file for what the bytes do not tell."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs

from application.ports.object_store import ObjectHeaders

Sync = Callable[[int], None]
"""Brings what was written to a file descriptor to the disk: os.fsync."""


@attrs.frozen
class FileWriter:
    """Puts files in place so that a crash at any moment leaves the old object or the new one, each with its headers.

    The headers lie in a hidden file that is named after the content's inode and its time of change. Both are known
    before the content gets its name, and one `rename` changes them together.
    """

    sync: Sync = os.fsync

    def write(self, target: Path, headers: ObjectHeaders, fill: Callable[[BinaryIO], None]) -> None:
        """Let `fill` write a new file, then put it at `target`, in place of what is there.

        Raises what `fill` raises, and OSError; nothing is left behind then.
        """
        with self._temporary(target.parent) as (content, temporary):
            fill(content)
            content.flush()
            self.sync(content.fileno())
            side_file = _side_file(target, temporary)
            try:
                self._write_headers(side_file, headers)
                replaced = _side_file(target, target) if target.exists() else None
                temporary.replace(target)
            except BaseException:
                side_file.unlink(missing_ok=True)
                raise
        if replaced is not None:
            replaced.unlink(missing_ok=True)
        self._sync_folder(target.parent)

    def remove(self, target: Path) -> None:
        """Remove `target` and its headers. Raises FileNotFoundError, OSError."""
        side_file = _side_file(target, target)
        target.unlink()
        side_file.unlink(missing_ok=True)
        self._sync_folder(target.parent)

    @contextmanager
    def _temporary(self, folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
        """A file in `folder`, so that it can be renamed to any name there; removed if it keeps its own."""
        temporary = (
            folder / f".{uuid.uuid4().hex}.part"
        )  # not tempfile: others may read objects as far as umask lets them
        try:
            with temporary.open("xb") as content:
                yield content, temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _write_headers(self, side_file: Path, headers: ObjectHeaders) -> None:
        with side_file.open("x", encoding="utf-8") as file:  # "x" follows no link that lies there
            json.dump({**attrs.asdict(headers), "metadata": dict(headers.metadata)}, file)
            file.flush()
            self.sync(file.fileno())

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sync(descriptor)
        finally:
            os.close(descriptor)


def read_headers(target: Path) -> ObjectHeaders | None:
    """The headers that `target` was written with; None for a file that came here another way."""
    try:
        text = _side_file(target, target).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return ObjectHeaders(**json.loads(text))


def _side_file(target: Path, content: Path) -> Path:
    """Where the headers of `content` lie once it is at `target`."""
    state = content.stat()
    return target.with_name(f".{target.name}.{state.st_ino:x}-{state.st_mtime_ns:x}.json")
