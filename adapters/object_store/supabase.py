"""Supabase Storage, over its own client."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import pydantic
from storage3 import SyncStorageClient
from typing_extensions import override

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.keys import require_legal_key
from adapters.object_store.retries import RetryPolicy, with_retries
from adapters.object_store.supabase_failures import KEY_HINT, VENDOR_ERRORS, SupabaseFailures
from adapters.object_store.upload_source import UploadSource
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore, ObjectUrl
from domain.errors import ObjectMissing, StorageAuth, StorageBucket, StorageRejected, StorageUnavailable

T = TypeVar("T")

UPLOAD_TIMEOUT: Final = httpx.Timeout(connect=5.0, read=120.0, write=60.0, pool=5.0)
"""Storage answers an upload only when it has written the whole file: storage3's 20 s are too short for a large one."""

CALL_TIMEOUT: Final = httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=5.0)
CHECK_TIMEOUT: Final = httpx.Timeout(connect=3.0, read=5.0, write=5.0, pool=3.0)

_DEFAULT_POLICY: Final = RetryPolicy()
_NO_DEADLINE: Final = JobControl()
_ANSWER_GRACE: Final = 1.0
"""Seconds past the deadline that an answer may take: a file that was sent whole is most likely stored."""

_BLOCK: Final = 1 << 16


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


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
        clock: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        """`clock` gives the present time, aware, in UTC."""
        self._config = config
        self._policy = policy
        self._upload_timeout = upload_timeout
        self._call_timeout = call_timeout
        self._clock = clock
        self._base_url = f"{config.url}/storage/v1/"
        self._headers = _auth_headers(config.key.reveal())
        address = urlsplit(config.url)
        hidden = (config.key.reveal(), config.url, address.netloc, address.hostname)
        self._failures = SupabaseFailures(tuple(text for text in hidden if text))
        self._transport = httpx.HTTPTransport()

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
            self._call(
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
                policy=self._policy.for_upload(file.total),
                timeout=self._upload_timeout,
                control=control,
            )
            self._compare_size(key, file.total)

    @override
    def read(self, key: str, limit: int) -> bytes:
        require_legal_key(key)
        return self._look(lambda storage: self._download(storage.session, key, limit))

    @override
    def stat(self, key: str) -> ObjectStat:
        require_legal_key(key)
        return self._look(lambda storage: _object_stat(storage.from_(self.bucket).info(key)))

    @override
    def url(self, key: str) -> ObjectUrl:
        require_legal_key(key)
        if self.is_public:
            return ObjectUrl(
                url=self._storage(self._call_timeout).from_(self.bucket).get_public_url(key), expires_at=None
            )
        expires_at = self._clock().replace(microsecond=0) + dt.timedelta(seconds=self._config.signed_url_seconds)
        # Two quick attempts: the clip is stored, and its reply must not miss the platform's limit for want of a URL.
        return ObjectUrl(url=self._look(lambda storage: self._signed_url(storage, key)), expires_at=expires_at)

    @override
    def delete(self, key: str) -> None:
        require_legal_key(key)
        self._call(lambda storage: storage.from_(self.bucket).remove([key]))

    @override
    def check(self) -> None:
        self._look(self._find_bucket)

    def close(self) -> None:
        """End the idle connections. A later call opens new ones."""
        self._transport.close()

    def _look(self, operation: Callable[[SyncStorageClient], T]) -> T:
        """`_call` with little patience: a look is worth no wait, with work to be done or shown behind it."""
        return self._call(operation, policy=self._policy.quick(), timeout=CHECK_TIMEOUT)

    def _call(
        self,
        operation: Callable[[SyncStorageClient], T],
        *,
        policy: RetryPolicy | None = None,
        timeout: httpx.Timeout | None = None,
        control: JobControl = _NO_DEADLINE,
    ) -> T:
        """What `operation` returns, after retries, with its exceptions translated."""
        if not self._headers:
            message = f"{KEY_HINT} (it holds characters that no key has)"
            raise StorageAuth(message)

        def attempt() -> T:
            storage = self._storage(_cut(timeout or self._call_timeout, control))
            try:
                return operation(storage)
            except VENDOR_ERRORS as exc:
                raise self._failures.of(exc) from exc

        return with_retries(attempt, policy or self._policy, control)

    def _storage(self, timeout: httpx.Timeout) -> SyncStorageClient:
        """A client of its own for each attempt, as the time-outs differ; the connections are shared."""
        http = httpx.Client(transport=self._transport, timeout=timeout)
        return SyncStorageClient(self._base_url, self._headers, http_client=http)

    def _signed_url(self, storage: SyncStorageClient, key: str) -> str:
        url = storage.from_(self.bucket).create_signed_url(key, self._config.signed_url_seconds)["signedURL"]
        if url is None:
            message = "no URL in the answer"
            raise ValueError(message)
        return url

    def _compare_size(self, key: str, size: int) -> None:
        try:
            stored = self.stat(key)
        except ObjectMissing as exc:
            message = f"{KEY_HINT} (the object was taken, but cannot be seen)"
            raise StorageAuth(message) from exc
        except StorageUnavailable:
            return  # the upload was acknowledged; that it cannot be looked at now proves nothing
        if stored.size != size:
            message = f"The store holds {stored.size} of {size} bytes"
            raise StorageUnavailable(message)

    def _download(self, http: httpx.Client, key: str, limit: int) -> bytes:
        """storage3's own download has no limit."""
        url = f"{self._base_url}object/{quote(self.bucket)}/{quote(key)}"
        with http.stream("GET", url, headers=self._headers | {"accept-encoding": "identity"}) as response:
            if not response.is_success:
                response.read()
                raise self._failures.of_response(response)
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


def _auth_headers(key: str) -> dict[str, str]:
    """The headers for a key; none for what cannot be a key.

    httpx puts the value of an illegal header into its exception: such a key must not get that far. A secret key
    (`sb_secret_…`) is no JWT; the project's gateway takes it from `apikey` and makes the Authorization itself.
    """
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        return {}
    return {"apikey": key} if key.startswith("sb_") else {"apikey": key, "Authorization": f"Bearer {key}"}


def _cut(timeout: httpx.Timeout, control: JobControl) -> httpx.Timeout:
    """`timeout`, no part of it beyond the job's deadline."""
    left = control.seconds_left()
    if left is None:
        return timeout
    return httpx.Timeout(
        **{
            name: left + _ANSWER_GRACE if part is None else min(part, left + _ANSWER_GRACE)
            for name, part in timeout.as_dict().items()
        }
    )


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
