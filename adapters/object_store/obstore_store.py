"""S3, Google Cloud Storage and Azure: what is the same for all of them, over obstore."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import attrs
import obstore
from typing_extensions import override

from adapters.object_store.bounded_call import within_deadline
from adapters.object_store.config import Backend
from adapters.object_store.keys import require_legal_key
from adapters.object_store.obstore_client import Client, ClientBuilder, Patience
from adapters.object_store.obstore_failures import VENDOR_ERRORS, ObstoreFailures
from adapters.object_store.outcome import compare_size, utc_now
from adapters.object_store.probing import probe
from adapters.object_store.retries import with_retries
from adapters.object_store.upload_source import UploadSource
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore, ObjectUrl
from domain.errors import (
    ObjectMissing,
    StorageAuth,
    StorageBucket,
    StorageRejected,
    WorkerError,
)

T = TypeVar("T")

PART_BYTES: Final = 5 << 20
"""The least that S3 takes as a part. Smaller objects are sent in one request."""

_PARTS_AT_ONCE: Final = 2
"""One is on its way while another is read. Measured with SeaweedFS on loopback and a file of 400 MiB: 1 adds 6.3 MiB to
the process's peak, 2 add 11.4, and obstore's own 12 add 82."""

_UPLOADS: Final = 2
"""What obstore's own retries of single requests cannot mend is rare: an upload that the store forgot."""

_BLOCK: Final = 1 << 20
_DEFAULT_PATIENCE: Final = Patience()

Signer = Callable[[Client, str, dt.timedelta], str]
"""A URL by which anyone can GET the object under a key for so long. Sends nothing."""


def obstore_signer(client: Client, key: str, lifetime: dt.timedelta) -> str:
    """Obstore's own signature; it cannot carry headers for the answer."""
    return obstore.sign(client, "GET", key, lifetime)


@attrs.frozen(kw_only=True)
class Service:
    """What one kind of store adds to the shared behaviour."""

    backend: Backend
    bucket: str
    prefix: str
    """Below which the probe of `check` lies."""
    build: ClientBuilder = attrs.field(repr=False)
    failures: ObstoreFailures
    sign: Signer = obstore_signer
    public_base_url: str | None = attrs.field(default=None, repr=False)
    """What an object's URL is with "/" and its key behind; None: URLs are signed."""
    signed_url_seconds: int = 86_400


class ObstoreStore(ObjectStore):
    """Objects in one bucket. Nothing is sent before the first call.

    A large file goes in parts, one after the other; an upload that fails leaves no object, and obstore takes back the
    parts that were sent. Where it is given up without a word (the process dies, the store stays silent at the
    deadline) they stay, invisible: a rule of the bucket should remove unfinished uploads.
    """

    def __init__(
        self,
        service: Service,
        *,
        patience: Patience = _DEFAULT_PATIENCE,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        """`clock` gives the present time, aware, in UTC."""
        self._service = service
        self._patience = patience
        self._clock = clock

    @property
    @override
    def backend(self) -> str:
        return self._service.backend

    @property
    @override
    def bucket(self) -> str:
        return self._service.bucket

    @property
    @override
    def is_public(self) -> bool:
        return self._service.public_base_url is not None

    @override
    def put(self, source: Path, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        """See the port. Where the deadline comes between the last byte and the answer, it is not known what is stored.

        The size is compared after the upload.
        """
        control.check()
        require_legal_key(key)
        with UploadSource(source, control) as file:

            def attempt() -> None:
                file.seek(0)
                self._translated(
                    lambda: within_deadline(lambda: self._send(file, key, headers, control), control),
                    missing=StorageBucket,
                )

            anew = attrs.evolve(self._patience.policy.for_upload(file.total), attempts=_UPLOADS)
            with_retries(attempt, anew, control)
            compare_size(self, key, file.total)

    @override
    def read(self, key: str, limit: int) -> bytes:
        require_legal_key(key)
        return self._translated(lambda: _download(self._looking, key, limit))

    @override
    def stat(self, key: str) -> ObjectStat:
        require_legal_key(key)
        answer = self._translated(lambda: obstore.get(self._looking, key, options={"head": True}))
        attributes = answer.attributes
        return ObjectStat(
            size=answer.meta["size"],
            content_type=attributes.get("Content-Type"),
            sha256=attributes.get("sha256"),
        )

    @override
    def url(self, key: str) -> ObjectUrl:
        require_legal_key(key)
        if self._service.public_base_url is not None:
            return ObjectUrl(url=f"{self._service.public_base_url}/{quote(key)}", expires_at=None)
        self.stat(key)  # a signature is made for any key
        lifetime = dt.timedelta(seconds=self._service.signed_url_seconds)
        expires_at = self._clock().replace(microsecond=0) + lifetime
        url = self._translated(lambda: self._service.sign(self._looking, key, lifetime))
        return ObjectUrl(url=url, expires_at=expires_at)

    @override
    def delete(self, key: str) -> None:
        require_legal_key(key)
        try:
            self._translated(lambda: obstore.delete(self._looking, key))
        except ObjectMissing:
            return

    @override
    def check(self) -> None:
        quick = ObstoreStore(self._service, patience=self._patience.quick(), clock=self._clock)
        quick._look_for_nothing()
        probe(quick, self._service.prefix)

    def _look_for_nothing(self) -> None:
        """Look for what is not there: of all requests this one is refused with the best reasons.

        An answer to HEAD would not say whether it is the object or the bucket that is missing.
        """
        key = "/".join(part for part in (self._service.prefix, "probe", "nothing") if part)
        try:
            self.read(key, 0)
        except (ObjectMissing, StorageRejected):
            return
        except StorageAuth as exc:
            message = f"{exc.message}. Needed are the rights to read, write and delete objects and to list the bucket"
            raise StorageAuth(message) from exc.__cause__

    @cached_property
    def _looking(self) -> Client:
        return self._service.build(self._patience.quick())

    def _translated(self, operation: Callable[[], T], *, missing: type[WorkerError] = ObjectMissing) -> T:
        try:
            return operation()
        except VENDOR_ERRORS as exc:
            raise self._service.failures.of(exc, missing=missing) from exc

    def _send(self, file: UploadSource, key: str, headers: ObjectHeaders, control: JobControl) -> None:
        client = self._service.build(self._patience.until(control))
        attributes = _attributes(key, headers)
        if file.total <= PART_BYTES:
            content = b"".join(_blocks(file))
            obstore.put(client, key, content, attributes=attributes, use_multipart=False)
        else:
            obstore.put(
                client,
                key,
                _blocks(file),
                attributes=attributes,
                chunk_size=PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )


def _blocks(file: UploadSource) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _attributes(key: str, headers: ObjectHeaders) -> dict[str, str]:
    """What the store keeps of an object, in obstore's names: headers it knows, and metadata under all others.

    `inline` lets a browser play a clip, and save it under its own name.
    """
    name = key.rpartition("/")[2]
    return {
        **headers.metadata,
        **({} if headers.sha256 is None else {"sha256": headers.sha256}),
        "Content-Type": headers.content_type,
        "Cache-Control": f"max-age={headers.cache_seconds}",
        "Content-Disposition": f'inline; filename="{name}"',
    }


def _download(client: Client, key: str, limit: int) -> bytes:
    """The content, once the answer's head says that it is not too much; HTTP lets no more follow than is said."""
    answer = obstore.get(client, key)
    if answer.meta["size"] > limit:
        message = f"The object is larger than {limit} bytes"
        raise StorageRejected(message)
    return bytes(answer.bytes())
