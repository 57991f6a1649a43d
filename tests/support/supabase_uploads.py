"""Storage's resumable door: TUS 1.0 as @tus/server 2 speaks it behind Storage 1.11, in memory."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import BinaryIO

import attrs

from tests.support import supabase_replies as replies
from tests.support.supabase_buckets import LEGAL_KEY, Bucket, StoredFile
from tests.support.supabase_multipart import BodyCut
from tests.support.supabase_replies import Refused, Reply, tus_reply

CHUNK = 6 << 20
_BLOCK = 1 << 16

_UNKNOWN = tus_reply(404, "The file for this url was not found\n")
_NOT_ALLOWED = tus_reply(403, "new row violates row-level security policy")
_NO_BUCKET = tus_reply(404, "Bucket not found")
_DUPLICATE = tus_reply(409, "The resource already exists")


@attrs.frozen(kw_only=True)
class Chunk:
    """A body of `length` bytes, of which `arriving` come before the connection breaks."""

    stream: BinaryIO
    length: int
    arriving: int
    spoil: Reply | None = None


@attrs.define(kw_only=True)
class _Unfinished:
    bucket: str
    key: str
    total: int
    content_type: str
    cache_control: str
    metadata: dict[str, str]
    size: int = 0
    content: bytearray | None = None
    digest: "hashlib._Hash" = attrs.field(factory=hashlib.sha256)


@attrs.define(kw_only=True)
class Uploads:
    """What was begun and is not finished yet, by id.

    `received` lists (offset, bytes that arrived) of each chunk, `created` the lengths of the uploads that were begun,
    `deleted` counts what its sender gave up. `location` says where an upload is: `{host}` and `{id}` are filled in.
    `offered` False is a server without this door. A chunk of another size than 6 MiB is refused, but for the last one.
    """

    discard: bool = False
    offered: bool = True
    location: str = "http://{host}/storage/v1/upload/resumable/{id}"
    received: list[tuple[int, int]] = attrs.field(factory=list)
    created: list[int] = attrs.field(factory=list)
    deleted: int = 0
    unfinished: dict[str, _Unfinished] = attrs.field(factory=dict)

    @property
    def received_bytes(self) -> int:
        return sum(count for _, count in self.received)

    def forget(self) -> None:
        self.unfinished.clear()

    def create(self, headers: Mapping[str, str], buckets: Mapping[str, Bucket], *, service: bool) -> Reply:
        if not self.offered:
            raise Refused(replies.route_missing("POST", "/upload/resumable"))
        fields = _fields(headers.get("upload-metadata", ""))
        bucket, key, total = buckets.get(fields["bucketName"]), fields["objectName"], int(headers["upload-length"])
        _check_new(bucket, key, total, fields["contentType"], headers, service=service)
        self.created.append(total)
        upload_id = base64.urlsafe_b64encode(f"{fields['bucketName']}/{key}/{len(self.created)}".encode()).decode()
        self.unfinished[upload_id] = _Unfinished(
            bucket=fields["bucketName"],
            key=key,
            total=total,
            content_type=fields["contentType"],
            cache_control=f"max-age={fields['cacheControl']}",
            metadata=json.loads(fields.get("metadata", "{}")),
            content=None if self.discard else bytearray(),
        )
        return tus_reply(201, headers={"Location": self.location.format(host=headers["host"], id=upload_id)})

    def head(self, upload_id: str) -> Reply:
        upload = self.unfinished.get(upload_id)
        if upload is None:
            return attrs.evolve(_UNKNOWN, body=b"")
        headers = {"Upload-Offset": str(upload.size), "Upload-Length": str(upload.total), "Cache-Control": "no-store"}
        return tus_reply(200, headers=headers)

    def patch(
        self, upload_id: str, headers: Mapping[str, str], chunk: Chunk, buckets: Mapping[str, Bucket], *, service: bool
    ) -> Reply:
        """Raises BodyCut where not all bytes arrive; those that did are kept."""
        upload = self.unfinished.get(upload_id)
        if upload is None:
            _drain(chunk)
            raise Refused(_UNKNOWN)
        try:
            _check_chunk(upload, headers, chunk, buckets, service=service)
        except Refused:
            _drain(chunk)
            raise
        self._take(upload, chunk)
        if chunk.spoil is not None:
            return chunk.spoil
        if upload.size == upload.total:  # its offset stays known, as finished uploads are told from forgotten ones
            buckets[upload.bucket].objects[upload.key] = StoredFile(
                size=upload.size,
                sha256=upload.digest.hexdigest(),
                content=None if upload.content is None else bytes(upload.content),
                content_type=upload.content_type,
                cache_control=upload.cache_control,
                metadata=upload.metadata,
            )
        return tus_reply(204, headers={"Upload-Offset": str(upload.size)})

    def delete(self, upload_id: str) -> Reply:
        if self.unfinished.pop(upload_id, None) is None:
            return _UNKNOWN
        self.deleted += 1
        return tus_reply(204)

    def _take(self, upload: _Unfinished, chunk: Chunk) -> None:
        begun, left = upload.size, chunk.arriving
        try:
            while left:
                block = chunk.stream.read(min(left, _BLOCK))
                if not block:
                    raise BodyCut
                left -= len(block)
                upload.size += len(block)
                upload.digest.update(block)
                if upload.content is not None:
                    upload.content += block
        finally:
            self.received.append((begun, upload.size - begun))
        if chunk.arriving < chunk.length:
            raise BodyCut


def _check_new(
    bucket: Bucket | None, key: str, total: int, content_type: str, headers: Mapping[str, str], *, service: bool
) -> None:
    if not LEGAL_KEY.fullmatch(key):
        raise Refused(tus_reply(400, f"Invalid key: {key}"))
    if not service:
        raise Refused(_NOT_ALLOWED)
    if bucket is None:
        raise Refused(_NO_BUCKET)
    if key in bucket.objects and headers.get("x-upsert") != "true":
        raise Refused(_DUPLICATE)
    if bucket.file_size_limit is not None and total > bucket.file_size_limit:
        raise Refused(tus_reply(413, "Maximum size exceeded\n"))
    if bucket.allowed_mime_types is not None and content_type not in bucket.allowed_mime_types:
        raise Refused(tus_reply(415, f"mime type {content_type} is not supported"))


def _check_chunk(
    upload: _Unfinished, headers: Mapping[str, str], chunk: Chunk, buckets: Mapping[str, Bucket], *, service: bool
) -> None:
    if not service:
        raise Refused(_NOT_ALLOWED)
    if upload.bucket not in buckets:
        raise Refused(_NO_BUCKET)
    if upload.key in buckets[upload.bucket].objects and headers.get("x-upsert") != "true":  # each request is asked
        raise Refused(_DUPLICATE)
    if headers.get("content-type") != "application/offset+octet-stream":
        raise Refused(tus_reply(403, "Content-Type header required\n"))
    if int(headers["upload-offset"]) != upload.size:
        raise Refused(tus_reply(409, "Upload-Offset conflict\n"))
    if chunk.length != min(CHUNK, upload.total - upload.size):
        raise Refused(tus_reply(400, "Invalid chunk size\n"))


def _drain(chunk: Chunk) -> None:
    left = chunk.arriving
    while left and (block := chunk.stream.read(min(left, _BLOCK))):
        left -= len(block)
    if chunk.arriving < chunk.length:
        raise BodyCut


def _fields(header: str) -> dict[str, str]:
    pairs = (field.strip().partition(" ") for field in header.split(","))
    return {name: base64.b64decode(text, validate=True).decode() for name, _, text in pairs}
