"""Storage's resumable door: the TUS 1.0 protocol, in chunks, so that a broken connection costs one of them at most.

storage3 has no such door. Observed with supabase/storage 1.11.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

import attrs
import httpx

from adapters.object_store.retries import RetryPolicy, Transient, with_retries
from adapters.object_store.supabase_connection import SupabaseConnection, cut
from adapters.object_store.upload_source import UploadSource
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import StorageRejected, StorageUnavailable, WorkerError

CHUNK: Final = 6 << 20
"""Bytes. Hosted Storage takes no other size, but for a file's last chunk; it makes one part of each."""

_BLOCK: Final = 1 << 16
_LAST_WORDS: Final = httpx.Timeout(2.0)
"""For the deletion of what a job that was stopped has sent: the job has no time left."""

_CREATED: Final = 201
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_GONE: Final = 410
_TOO_LARGE: Final = 413


class DoorClosed(Exception):
    """The server offers no resumable upload that can be used; `reason` is fit for logs. Nothing was stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@attrs.frozen(kw_only=True)
class Destination:
    """Where an upload is to end, and how to see that it did."""

    bucket: str
    key: str
    headers: ObjectHeaders
    user_metadata: Mapping[str, str]
    is_stored: Callable[[], bool]
    """Whether the object is there as it should be. Asked only where the last chunk's answer was lost."""

    @property
    def upload_metadata(self) -> str:
        """The header that describes the object."""
        fields = {
            "bucketName": self.bucket,
            "objectName": self.key,
            "contentType": self.headers.content_type,
            "cacheControl": str(self.headers.cache_seconds),
            "metadata": json.dumps(dict(self.user_metadata)),
        }
        return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in fields.items())


def upload_resumably(
    file: UploadSource, destination: Destination, connection: SupabaseConnection, control: JobControl
) -> None:
    """Send `file` in chunks of 6 MiB, read in blocks of 64 KiB; the object replaces what its key held.

    After a failure that may pass the server is asked how far it got, and the upload goes on from there: no byte below
    is sent again. The retry policy's attempts are those in a row that got no further. An upload that the
    server forgot is begun anew, once. A job that is stopped tries to delete what it sent.

    Raises:
        DoorClosed: see there.
        StorageRejected: too large (before any byte is sent), or another of the bucket's rules.
        WorkerError: else as ObjectStore.put does.
    """
    connection.require_key()
    _Upload(file=file, destination=destination, connection=connection, control=control).run()


@attrs.define(kw_only=True)
class _Upload:
    """`offset` is what the server has, as far as known; `reached` the most that it ever acknowledged."""

    file: UploadSource
    destination: Destination
    connection: SupabaseConnection
    control: JobControl
    location: httpx.URL | None = None
    offset: int = 0
    reached: int = 0
    in_doubt: bool = False
    forgotten: bool = False
    done: bool = False

    def run(self) -> None:
        policy: RetryPolicy = self.connection.policy.for_upload(self.file.total)
        try:
            while not self.done:
                with_retries(self._get_on, policy, self.control)
        except StorageUnavailable:
            raise  # who does not answer will not delete either; the server lets unfinished uploads expire
        except WorkerError:
            self._discard()
            raise

    def _get_on(self) -> None:
        """Return once the server has more than it ever had."""
        before = self.reached
        if self.location is not None and self.in_doubt:
            self._ask_for_offset()
        while not self.done and self.reached == before:
            if self.location is None:
                self._create()
            self._send_chunk()

    def _create(self) -> None:
        headers = {"upload-length": str(self.file.total), "upload-metadata": self.destination.upload_metadata}
        response = self._request("POST", self._door, headers)
        if response.status_code == _NOT_FOUND and "route" in response.text.lower():
            # Older or trimmed self-hosted Storage, or a gateway that passes only /object on: the plain door is there.
            reason = "the server has no such route"
            raise DoorClosed(reason)
        if response.status_code == _TOO_LARGE:
            cause = self.connection.failures.of_resumable(response)
            message = f"{cause.message}; the file has {self.file.total} bytes"
            raise StorageRejected(message)
        if response.status_code != _CREATED:
            raise _strange() if response.is_success else self.connection.failures.of_resumable(response)
        self.location = self._own(response.headers.get("location", ""))
        self.offset = 0
        self.in_doubt = False

    def _send_chunk(self) -> None:
        length = min(CHUNK, self.file.total - self.offset)
        headers = {
            "upload-offset": str(self.offset),
            "content-type": "application/offset+octet-stream",
            "content-length": str(length),
        }
        self.in_doubt = True
        response = self._request("PATCH", self._place, headers, content=self._blocks(length))
        if response.status_code in {_NOT_FOUND, _GONE}:
            self._forget(response)
            return
        if response.status_code == _CONFLICT and "already exists" not in response.text:
            message = "The store has another part of the file than it told"
            raise Transient(message)
        if not response.is_success:
            raise self.connection.failures.of_resumable(response)
        reached = _offset_in(response)
        if not self.offset < reached <= self.offset + length:
            raise _strange()
        self._reach(reached)
        self.done = reached == self.file.total

    def _ask_for_offset(self) -> None:
        response = self._request("HEAD", self._place, {})
        if response.status_code in {_NOT_FOUND, _GONE}:
            self._forget(response)
            return
        if not response.is_success:
            raise self.connection.failures.of_resumable(response)
        offset = _offset_in(response)
        if offset > self.file.total:
            raise _strange()
        if offset < self.file.total:
            self._reach(offset)
        elif self.destination.is_stored():
            self.done = True
        else:  # all bytes are there, but Storage failed to make an object of them, and cannot be asked to try again
            self._forget(response)

    def _reach(self, offset: int) -> None:
        self.offset = offset
        self.reached = max(self.reached, offset)
        self.in_doubt = False

    def _forget(self, response: httpx.Response) -> None:
        """Let the next chunk begin a new upload, if that was not done before."""
        failure = self.connection.failures.of_resumable(response)
        if self.forgotten and self.reached == 0:
            # It never knew it: a gateway whose outer path differs from the one that Storage puts into its Locations.
            reason = "the server does not know the upload that it made"
            raise DoorClosed(reason)
        if self.forgotten:
            message = "The store lost the upload twice"
            raise StorageUnavailable(message) from failure
        self.forgotten = True
        self.location = None

    def _blocks(self, length: int) -> Iterator[bytes]:
        self.file.seek(self.offset)
        while length:
            block = self.file.read(min(_BLOCK, length))
            length -= len(block)
            if self.file.tell() == self.file.total:
                self.file.read(1)  # raises if the file has grown; the object is not made without its last block
            yield block

    def _discard(self) -> None:
        if self.location is not None and not self.done:
            with suppress(httpx.HTTPError):
                self.connection.client(_LAST_WORDS).delete(self.location, headers=self._headers)

    @property
    def _door(self) -> httpx.URL:
        return httpx.URL(f"{self.connection.url}upload/resumable")

    @property
    def _place(self) -> httpx.URL:
        if self.location is None:
            message = "unreachable: nothing is sent before an upload was created"
            raise AssertionError(message)
        return self.location

    @property
    def _headers(self) -> dict[str, str]:
        """Of each request: Storage reads `x-upsert` anew from the one that brings the last byte."""
        return {**self.connection.headers, "tus-resumable": "1.0.0", "x-upsert": "true"}

    def _own(self, location: str) -> httpx.URL:
        """The address of the new upload, if the key may be sent there.

        Raises:
            DoorClosed: it is on another host, or its scheme or port differ, as behind a gateway that Storage does not
                know of. The key must go nowhere else.
        """
        try:
            place = self._door.join(location)
        except httpx.InvalidURL:
            raise _strange() from None
        door = self._door
        if not location or (place.scheme, place.netloc, place.userinfo) != (door.scheme, door.netloc, door.userinfo):
            reason = "the server sends the upload to another host, port or scheme"
            raise DoorClosed(reason)
        return place

    def _request(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], content: Iterator[bytes] | None = None
    ) -> httpx.Response:
        connection = self.connection
        timeout = connection.call_timeout if content is None else connection.upload_timeout
        client = connection.client(cut(timeout, self.control))
        try:
            return client.request(method, url, headers={**self._headers, **headers}, content=content)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise connection.failures.of(exc) from exc


def _offset_in(response: httpx.Response) -> int:
    text = response.headers.get("upload-offset", "")
    if not (text.isascii() and text.isdecimal()):
        raise _strange()
    return int(text)


def _strange() -> Transient:
    return Transient("The store's answer is not one of Supabase's resumable upload")
