"""Supabase Storage, over its own client."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
import pydantic
import structlog
from storage3 import SyncStorageClient
from typing_extensions import override

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.keys import require_legal_key
from adapters.object_store.outcome import compare_size, utc_now
from adapters.object_store.probing import probe
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.supabase_connection import (
    CALL_TIMEOUT,
    CHECK_TIMEOUT,
    UPLOAD_TIMEOUT,
    SupabaseConnection,
)
from adapters.object_store.supabase_resumable import CHUNK, Destination, DoorClosed, upload_resumably
from adapters.object_store.upload_source import UploadSource
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore, ObjectUrl
from domain.errors import ObjectMissing, StorageBucket, StorageRejected

RESUMABLE_ABOVE: Final = CHUNK
"""Bytes from which Supabase advises resumable uploads; smaller files would gain nothing but requests."""

_DEFAULT_POLICY: Final = RetryPolicy()
_BLOCK: Final = 1 << 16

_log = structlog.get_logger()


class SupabaseStore(ObjectStore):
    """Objects in one bucket of a Supabase project, addressed with its service role or secret key.

    Failures that may pass are retried by `policy`; what is permanent is raised at once. Nothing is sent before
    the first call. `close` ends the idle connections.

    Proxies from the environment are not used.
    """

    def __init__(
        self,
        config: SupabaseConfig,
        *,
        policy: RetryPolicy = _DEFAULT_POLICY,
        upload_timeout: httpx.Timeout = UPLOAD_TIMEOUT,
        call_timeout: httpx.Timeout = CALL_TIMEOUT,
        clock: Callable[[], dt.datetime] = utc_now,
        resumable_above: int = RESUMABLE_ABOVE,
    ) -> None:
        """`clock` gives the present time, aware, in UTC; files of more than `resumable_above` bytes go in chunks."""
        self._config = config
        self._clock = clock
        self._resumable_above = resumable_above
        self._connection = SupabaseConnection(config, policy, upload_timeout, call_timeout)

    @property
    @override
    def backend(self) -> str:
        return "supabase"

    @property
    @override
    def bucket(self) -> str:
        return self._config.bucket

    @property
    @override
    def is_public(self) -> bool:
        return self._config.public

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        """See the port. Where the deadline comes between the last byte and the answer, it is not known what is stored.

        The size is compared after the upload, because Storage takes an empty or a cut file as willingly.
        """
        control.check()
        require_legal_key(key)
        with UploadSource(source, control) as file:
            put = self._put_resumably if file.total > self._resumable_above else self._put_plainly
            put(file, key, headers, control)
            compare_size(self, key, file.total)

    @override
    def read(self, key: str, limit: int) -> bytes:
        require_legal_key(key)
        return self._connection.look(lambda storage: self._download(storage.session, key, limit))

    @override
    def stat(self, key: str) -> ObjectStat:
        require_legal_key(key)
        return self._connection.look(lambda storage: _object_stat(storage.from_(self.bucket).info(key)))

    @override
    def url(self, key: str) -> ObjectUrl:
        require_legal_key(key)
        if self.is_public:
            bucket = self._connection.storage(CALL_TIMEOUT).from_(self.bucket)
            return ObjectUrl(url=bucket.get_public_url(key), expires_at=None)
        expires_at = self._clock().replace(microsecond=0) + dt.timedelta(seconds=self._config.signed_url_seconds)
        # Two quick attempts: the clip is stored, and its reply must not miss the platform's limit for want of a URL.
        url = self._connection.look(lambda storage: self._signed_url(storage, key))
        return ObjectUrl(url=url, expires_at=expires_at)

    @override
    def delete(self, key: str) -> None:
        require_legal_key(key)
        self._connection.call(lambda storage: storage.from_(self.bucket).remove([key]))

    @override
    def check(self) -> None:
        self._connection.look(self._find_bucket)  # first, for it knows best what is wrong with a key or a bucket
        policy = self._connection.policy.quick()
        quick = SupabaseStore(self._config, policy=policy, upload_timeout=CHECK_TIMEOUT, call_timeout=CHECK_TIMEOUT)
        try:
            probe(quick, self._config.prefix)
        finally:
            quick.close()

    def close(self) -> None:
        """End the idle connections. A later call opens new ones."""
        self._connection.close()

    def _put_plainly(self, file: UploadSource, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        self._connection.call(
            lambda storage: storage.from_(self.bucket).upload(
                key,
                file,
                {
                    "content-type": headers.content_type,
                    "cache-control": str(headers.cache_seconds),
                    "upsert": "true",  # a string: the client sends it as a header
                    "metadata": _metadata(headers),
                },
            ),
            policy=self._connection.policy.for_upload(file.total),
            timeout=self._connection.upload_timeout,
            control=control,
        )

    def _put_resumably(self, file: UploadSource, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        destination = Destination(
            bucket=self.bucket,
            key=key,
            headers=headers,
            user_metadata=_metadata(headers),
            is_stored=lambda: self._holds(key, file.total, headers),
        )
        try:
            upload_resumably(file, destination, self._connection, control)
        except DoorClosed as closed:
            _log.warning("supabase.resumable_unusable", reason=closed.reason)
            self._put_plainly(file, key, headers, control)  # takes files of up to 5 GB, but starts anew after a break

    def _holds(self, key: str, size: int, headers: ObjectHeaders) -> bool:
        try:
            stored = self.stat(key)
        except ObjectMissing:
            return False
        return (stored.size, stored.sha256) == (size, headers.sha256)

    def _signed_url(self, storage: SyncStorageClient, key: str) -> str:
        url = storage.from_(self.bucket).create_signed_url(key, self._config.signed_url_seconds)["signedURL"]
        if url is None:
            message = "no URL in the answer"
            raise ValueError(message)
        return url

    def _download(self, http: httpx.Client, key: str, limit: int) -> bytes:
        """storage3's own download has no limit."""
        url = f"{self._connection.url}object/{quote(self.bucket)}/{quote(key)}"
        with http.stream("GET", url, headers=self._connection.headers | {"accept-encoding": "identity"}) as response:
            if not response.is_success:
                response.read()
                raise self._connection.failures.of_response(response)
            content = bytearray()
            for block in response.iter_bytes(_BLOCK):
                content += block
                if len(content) > limit:
                    message = f"The object is larger than {limit} bytes"
                    raise StorageRejected(message)
        return bytes(content)

    def _find_bucket(self, storage: SyncStorageClient) -> None:
        try:
            bucket = storage.get_bucket(self.bucket)
        except pydantic.ValidationError:
            return  # it is there; storage3 disagrees with a field of its description
        if self._config.public and not bucket.public:
            message = "The bucket is private, but public URLs are configured (SUPABASE_PUBLIC): they would lead nowhere"
            raise StorageBucket(message)


def _metadata(headers: ObjectHeaders) -> dict[str, str]:
    return {**headers.metadata, **({} if headers.sha256 is None else {"sha256": headers.sha256})}


def _object_stat(info: dict[str, object]) -> ObjectStat:
    """Storage's description of an object; its `metadata` is what `put` gave. Raises KeyError, TypeError."""
    size, content_type, metadata = info["size"], info.get("content_type"), info.get("metadata")
    sha256 = metadata.get("sha256") if isinstance(metadata, dict) else None
    if not isinstance(size, int):
        message = "size must be a number"
        raise TypeError(message)
    return ObjectStat(size=size, content_type=content_type if isinstance(content_type, str) else None, sha256=sha256)
