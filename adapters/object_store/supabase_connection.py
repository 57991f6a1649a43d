"""The way to a Supabase project: address, key, time-outs and retries of every request to its Storage."""

from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx
from storage3 import SyncStorageClient

from adapters.object_store.config import SupabaseConfig
from adapters.object_store.outcome import unusable_key
from adapters.object_store.retries import RetryPolicy, with_retries
from adapters.object_store.supabase_failures import VENDOR_ERRORS, SupabaseFailures
from application.job_control import JobControl

T = TypeVar("T")

UPLOAD_TIMEOUT: Final = httpx.Timeout(connect=5.0, read=120.0, write=60.0, pool=5.0)
"""Storage answers an upload only when it has written the whole file: storage3's 20 s are too short for a large one."""

CALL_TIMEOUT: Final = httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=5.0)
CHECK_TIMEOUT: Final = httpx.Timeout(connect=3.0, read=5.0, write=5.0, pool=3.0)

NO_DEADLINE: Final = JobControl()
_ANSWER_GRACE: Final = 1.0
"""Seconds past the deadline that an answer may take: a file that was sent whole is most likely stored."""


class SupabaseConnection:
    """Requests to one project. They share their connections, which `close` ends; a later one opens new ones.

    `url` is Storage's root, with a slash at the end; `headers` carry the key and are empty for what cannot be one.
    Proxies from the environment are not used.
    """

    def __init__(
        self, config: SupabaseConfig, policy: RetryPolicy, upload_timeout: httpx.Timeout, call_timeout: httpx.Timeout
    ) -> None:
        self.url = f"{config.url}/storage/v1/"
        self.headers = _auth_headers(config.key.reveal())
        self.policy = policy
        self.upload_timeout = upload_timeout
        self.call_timeout = call_timeout
        address = urlsplit(config.url)
        hidden = (config.key.reveal(), config.url, address.netloc, address.hostname)
        self.failures = SupabaseFailures(tuple(text for text in hidden if text))
        self._transport = httpx.HTTPTransport()

    def look(self, operation: Callable[[SyncStorageClient], T]) -> T:
        """`call` with little patience: a look is worth no wait, with work to be done or shown behind it."""
        return self.call(operation, policy=self.policy.quick(), timeout=CHECK_TIMEOUT)

    def call(
        self,
        operation: Callable[[SyncStorageClient], T],
        *,
        policy: RetryPolicy | None = None,
        timeout: httpx.Timeout | None = None,
        control: JobControl = NO_DEADLINE,
    ) -> T:
        """What `operation` returns, after retries, with its exceptions translated.

        Raises:
            StorageAuth: also for a key that no header can carry; nothing is sent then.
        """
        self.require_key()

        def attempt() -> T:
            storage = self.storage(cut(timeout or self.call_timeout, control))
            try:
                return operation(storage)
            except VENDOR_ERRORS as exc:
                raise self.failures.of(exc) from exc

        return with_retries(attempt, policy or self.policy, control)

    def storage(self, timeout: httpx.Timeout) -> SyncStorageClient:
        return SyncStorageClient(self.url, self.headers, http_client=self.client(timeout))

    def client(self, timeout: httpx.Timeout) -> httpx.Client:
        """A client of its own for each use, as the time-outs differ; not to be closed, the connections are shared."""
        return httpx.Client(transport=self._transport, timeout=timeout)

    def require_key(self) -> None:
        """Return if there is a key that a header can carry. Raises StorageAuth."""
        if not self.headers:
            raise unusable_key()

    def close(self) -> None:
        self._transport.close()


def cut(timeout: httpx.Timeout, control: JobControl) -> httpx.Timeout:
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


def _auth_headers(key: str) -> dict[str, str]:
    """The headers for a key; none for what cannot be a key.

    httpx puts the value of an illegal header into its exception: such a key must not get that far. A secret key
    (`sb_secret_…`) is no JWT; the project's gateway takes it from `apikey` and makes the Authorization itself.
    """
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        return {}
    return {"apikey": key} if key.startswith("sb_") else {"apikey": key, "Authorization": f"Bearer {key}"}
