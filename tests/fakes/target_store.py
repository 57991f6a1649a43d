"""Targets in memory."""

import datetime as dt
from collections import deque
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import override

from application.job_control import JobControl, StageProgress
from application.ports.object_store import ObjectHeaders
from application.ports.target_store import TargetStore
from domain.errors import Fault, InputRefused, StorageRejected, WorkerError
from domain.results import StoredObject
from domain.targets import S3Target, Target, UploadUrl
from tests.fakes.object_store import KeptObject

HOST: Final = "target.invalid"
_BLOCK: Final = 1 << 20
_NOW: Final = dt.datetime(2026, 1, 13, 12, tzinfo=dt.UTC)


class FakeTargetStore(TargetStore):
    """Behaves as the contract suite says, and keeps what it did.

    Takes targets at the hosts of `hosts`, and refuses others. Look inside: `objects` maps the URL that a file was put
    to, without its query, to a KeptObject; `calls` lists ("admit" or "put", field of the target) in order.
    `fetch(url)` is what a client would get by a signed URL.

    Break it: `fail(StorageAuth("…"))` lets the next `put` raise, once for each error given, in order; nothing is kept.
    """

    def __init__(self, hosts: frozenset[str] = frozenset({HOST})) -> None:
        self.hosts = hosts
        self.objects: dict[str, KeptObject] = {}
        self.calls: list[tuple[str, str]] = []
        self._queued: deque[WorkerError] = deque()

    def fail(self, *errors: WorkerError) -> None:
        self._queued.extend(errors)

    def fetch(self, url: str) -> bytes:
        place, _, query = url.partition("?")
        assert query == "signed"
        return self.objects[place].content

    @override
    def admit(self, target: Target) -> None:
        self.calls.append(("admit", target.field))
        self._admit(target)

    @override
    def put(
        self, source: Path, key: str, headers: ObjectHeaders, target: Target, control: JobControl, *, signed: bool
    ) -> StoredObject:
        control.check()
        self.calls.append(("put", target.field))
        self._admit(target)
        if self._queued:
            raise self._queued.popleft()
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
        place = _place(target, key)
        self.objects[place] = KeptObject(bytes(content), headers)
        if isinstance(target, UploadUrl):
            return StoredObject(backend="upload_url", bucket="", path="")
        return StoredObject(
            backend="s3",
            bucket=target.bucket.name,
            path=key,
            signed_url=f"{place}?signed" if signed else None,
            expires_at=_NOW + dt.timedelta(days=1) if signed else None,
        )

    def _admit(self, target: Target) -> None:
        if urlsplit(_url(target)).hostname not in self.hosts:
            fault = Fault(target.field, "must lead to a host that the fake takes")
            raise InputRefused(str(fault), faults=(fault,))


def _url(target: Target) -> str:
    return target.endpoint.url.reveal() if isinstance(target, S3Target) else target.url.reveal()


def _place(target: Target, key: str) -> str:
    place = _url(target).partition("?")[0]
    return f"{place}/{target.bucket.name}/{key}" if isinstance(target, S3Target) else place
