"""The upload's multipart body, read as it comes: 400 MB of it must not end up in memory."""

import email.message
import hashlib
from typing import BinaryIO

import attrs

_BLOCK = 1 << 20
_LINE = 1 << 16


class BodyCut(Exception):
    """The sender went away in mid-body."""


@attrs.frozen(kw_only=True)
class Upload:
    """`content` is None where it was only hashed."""

    fields: dict[str, str]
    content_type: str
    size: int
    sha256: str
    content: bytes | None


def read_upload(stream: BinaryIO, length: int, content_type: str, *, keep_content: bool) -> Upload:
    """The fields, and the file that follows them. Raises BodyCut."""
    boundary = _parameter(content_type, "boundary").encode()
    reader = _Body(stream, length)
    fields: dict[str, str] = {}
    reader.line()  # the first boundary
    while True:
        part = reader.part_headers()
        if part.get_filename() is not None:
            size = reader.left - len(b"\r\n--" + boundary + b"--\r\n")
            sha256, content = reader.file(size, keep_content=keep_content)
            reader.drain()
            return Upload(fields=fields, content_type=part["Content-Type"], size=size, sha256=sha256, content=content)
        value = b""
        while not (line := reader.line()).startswith(b"--" + boundary):
            value += line
        fields[str(part.get_param("name", header="Content-Disposition"))] = value.removesuffix(b"\r\n").decode()


class _Body:
    """The bytes of one request, counted."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self.left = length
        self._stream = stream

    def line(self) -> bytes:
        return self._counted(self._stream.readline(min(self.left, _LINE)))

    def part_headers(self) -> email.message.Message:
        headers = email.message.Message()
        while line := self.line().strip():
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        return headers

    def file(self, size: int, *, keep_content: bool) -> tuple[str, bytes | None]:
        digest = hashlib.sha256()
        kept = bytearray()
        while size:
            block = self._counted(self._stream.read(min(size, _BLOCK)))
            size -= len(block)
            digest.update(block)
            if keep_content:
                kept += block
        return digest.hexdigest(), bytes(kept) if keep_content else None

    def drain(self) -> None:
        while self.left:
            self._counted(self._stream.read(min(self.left, _BLOCK)))

    def _counted(self, data: bytes) -> bytes:
        if not data:
            raise BodyCut
        self.left -= len(data)
        return data


def drain(stream: BinaryIO, length: int) -> None:
    """Read a body to nowhere. Raises BodyCut."""
    _Body(stream, length).drain()


def _parameter(header: str, name: str) -> str:
    message = email.message.Message()
    message["Content-Type"] = header
    return str(message.get_param(name))
