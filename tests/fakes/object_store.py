"""An object store in memory."""

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import attrs
from typing_extensions import override

from adapters.object_store.keys import require_legal_key
from adapters.object_store.probing import probe
from application.job_control import JobControl, StageProgress
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore, ObjectUrl
from domain.errors import ObjectMissing, StorageRejected, WorkerError

Method = Literal["put", "read", "stat", "url", "delete", "check"]

_BLOCK = 1 << 20
_LIFETIME = dt.timedelta(hours=1)


@attrs.frozen
class KeptObject:
    content: bytes
    headers: ObjectHeaders


class InMemoryStore(ObjectStore):
    """Behaves as the contract suite says, and keeps what it did.

    Look inside: `objects` maps keys to KeptObject; `calls` lists (method, key) in order, key "" for `check`.
    `fetch(url)` is what a client would get by a URL; it raises ObjectMissing where the URL is no good (any more).

    Break it: `fail("put", StorageUnavailable("…"))` lets the next call of that method raise, once for each error
    given, in order. `broken = StorageAuth("…")` lets every call raise until it is None again. A method that fails
    has done nothing. `put` reads the source a mebibyte at a time, asking `control` before each. `check` is followed
    by the calls of its probe: "put", "url", "read", "delete", "stat".

    URLs are signed for an hour by `clock`; with `public=True` they carry no signature and are given for any key.
    """

    def __init__(
        self,
        *,
        backend: str = "memory",
        bucket: str = "bucket",
        public: bool = False,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self.objects: dict[str, KeptObject] = {}
        self.calls: list[tuple[Method, str]] = []
        self.broken: WorkerError | None = None
        self._queued: defaultdict[Method, deque[WorkerError]] = defaultdict(deque)
        self._urls: dict[str, tuple[str, dt.datetime | None]] = {}
        self._backend = backend
        self._bucket = bucket
        self._public = public
        self._clock = clock

    @property
    @override
    def backend(self) -> str:
        return self._backend

    @property
    @override
    def bucket(self) -> str:
        return self._bucket

    @property
    @override
    def is_public(self) -> bool:
        return self._public

    def fail(self, method: Method, *errors: WorkerError) -> None:
        self._queued[method].extend(errors)

    def fetch(self, url: str) -> bytes:
        key, expires_at = self._urls.get(url, ("", None))
        if expires_at is not None and self._clock() >= expires_at:
            message = "The URL has expired"
            raise ObjectMissing(message)
        return self._kept(key).content

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        control.check()
        self._begin("put", key)
        total = source.stat().st_size
        if total == 0:
            message = "The file to be stored is empty"
            raise StorageRejected(message)
        content = bytearray()
        with source.open("rb") as file:
            while len(content) < total:
                control.check()
                content += file.read(_BLOCK)
                control.report(StageProgress("upload", len(content), total))
        self.objects[key] = KeptObject(bytes(content), headers)

    @override
    def read(self, key: str, limit: int) -> bytes:
        self._begin("read", key)
        content = self._kept(key).content
        if len(content) > limit:
            message = f"The object is larger than {limit} bytes"
            raise StorageRejected(message)
        return content

    @override
    def stat(self, key: str) -> ObjectStat:
        self._begin("stat", key)
        kept = self._kept(key)
        return ObjectStat(size=len(kept.content), content_type=kept.headers.content_type, sha256=kept.headers.sha256)

    @override
    def url(self, key: str) -> ObjectUrl:
        self._begin("url", key)
        if self._public:
            signed = ObjectUrl(url=f"https://store.invalid/public/{self._bucket}/{key}", expires_at=None)
        else:
            self._kept(key)
            url = f"https://store.invalid/sign/{self._bucket}/{key}?token={len(self._urls)}"
            signed = ObjectUrl(url=url, expires_at=self._clock().replace(microsecond=0) + _LIFETIME)
        self._urls[signed.url] = (key, signed.expires_at)
        return signed

    @override
    def delete(self, key: str) -> None:
        self._begin("delete", key)
        self.objects.pop(key, None)

    @override
    def check(self) -> None:
        self._begin("check")
        probe(self, "ltx2")

    def _begin(self, method: Method, key: str | None = None) -> None:
        self.calls.append((method, key or ""))
        if self.broken is not None:
            raise self.broken
        if self._queued[method]:
            raise self._queued[method].popleft()
        if key is not None:
            require_legal_key(key)

    def _kept(self, key: str) -> KeptObject:
        if key not in self.objects:
            message = "There is no such object"
            raise ObjectMissing(message)
        return self.objects[key]
