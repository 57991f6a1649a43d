"""Clips to the caller's own URL or bucket, through the guarded sender."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, assert_never
from urllib.parse import parse_qsl, urlsplit

import attrs
from typing_extensions import override

from adapters.http.faults import at_field
from adapters.http.sending import GuardedSender, SendFailed, SendRefused
from adapters.object_store.outcome import utc_now
from adapters.object_store.retries import RetryPolicy, Transient, with_retries
from adapters.object_store.s3_address import BucketAddress
from adapters.object_store.sigv4 import LONGEST_SECONDS, UNSIGNED, Signer
from adapters.object_store.target_failures import failure
from adapters.object_store.upload_source import UploadSource
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from application.ports.target_store import TargetStore
from domain.errors import InputRefused, StorageRejected, StorageUnavailable
from domain.results import StoredObject
from domain.targets import S3Target, Target, UploadUrl

_ONE_PUT: Final = 5 << 30
"""Bytes that S3 takes in one request; Azure and GCS take no less."""

_ANSWER_SECONDS: Final = 120.0
"""A store answers when it has written the clip down, which took Supabase's more than 20 s for large ones."""
_LEAST_SECONDS: Final = 180.0
_SLOW_LINE: Final = 1 << 20
"""Bytes a second that an upload may be as slow as."""

_AZURE_QUERY: Final = frozenset({"sv", "sig"})
"""Parts of the query of every shared access signature."""


@attrs.frozen(kw_only=True, eq=False)
class SendingTargetStore(TargetStore):
    """One PUT of the whole file for each attempt: signed in its headers for a bucket, by itself for a URL.

    The SHA-256 of the file is part of the signature for a bucket, so that S3 compares it. `signed_url_seconds` is
    the lifetime of the URLs that are made, at most a week. `clock` gives the present time, aware, in UTC.
    """

    sender: GuardedSender
    signed_url_seconds: int = 86_400
    policy: RetryPolicy = RetryPolicy()
    clock: Callable[[], dt.datetime] = utc_now

    @override
    def admit(self, target: Target) -> None:
        match target:
            case UploadUrl():
                self._check(target.url.reveal(), target)
            case S3Target():
                self._check(_address(target).base, target)
            case _ as never:
                assert_never(never)

    @override
    def put(
        self, source: Path, key: str, headers: ObjectHeaders, target: Target, control: JobControl, *, signed: bool
    ) -> StoredObject:
        control.check()
        with UploadSource(source, control) as file:
            if file.total > _ONE_PUT:
                message = f"The clip has more than the {_ONE_PUT} bytes that one request to {target.field} takes"
                raise StorageRejected(message)
            policy = self.policy.for_upload(file.total)
            try:
                with_retries(lambda: self._send(file, key, headers, target, control), policy, control)
            except StorageUnavailable as exc:
                message = f"{exc.message}. The clip was not kept: only the worker's own store has an outbox"
                raise StorageUnavailable(message) from exc
        return self._described(key, target, signed=signed)

    def _send(self, file: UploadSource, key: str, headers: ObjectHeaders, target: Target, control: JobControl) -> None:
        file.seek(0)
        seconds = _LEAST_SECONDS + file.total / _SLOW_LINE
        url, lines = self._request(key, headers, target)
        try:
            answer = self.sender.send(
                "PUT", url, body=file, headers=lines, seconds=seconds, control=control, answer_seconds=_ANSWER_SECONDS
            )
        except SendRefused as exc:
            raise at_field(InputRefused, target.field, exc.reason) from exc
        except SendFailed as exc:
            message = f"{target.field} {exc.reason}"
            raise Transient(message) from exc
        error = failure(answer, target)
        if error is not None:
            raise error
        if file.tell() < file.total:  # a host may answer before it has read the body: 2xx is no success then
            message = f"The host of {target.field} answered before it had the whole clip"
            raise Transient(message)

    def _request(self, key: str, headers: ObjectHeaders, target: Target) -> tuple[str, Mapping[str, str]]:
        """The URL and the headers of one attempt; a signature is good for a quarter of an hour only."""
        match target:
            case UploadUrl():
                url = target.url.reveal()
                return url, {"Content-Type": headers.content_type, **_headers_wanted(url)}
            case S3Target():
                url = _address(target).url(key)
                lines = {
                    "Content-Type": headers.content_type,
                    "Cache-Control": f"max-age={headers.cache_seconds}",
                    **{f"X-Amz-Meta-{name}": value for name, value in headers.metadata.items()},
                    **({} if headers.sha256 is None else {"X-Amz-Meta-Sha256": headers.sha256}),
                }
                payload = headers.sha256 or UNSIGNED
                return url, _signer(target).headers("PUT", url, lines, payload, self.clock())
            case _ as never:
                assert_never(never)

    def _described(self, key: str, target: Target, *, signed: bool) -> StoredObject:
        if isinstance(target, UploadUrl):
            return StoredObject(backend="upload_url", bucket="", path="")
        stored = StoredObject(backend="s3", bucket=target.bucket.name, path=key)
        if not signed:
            return stored
        seconds = min(self.signed_url_seconds, LONGEST_SECONDS)
        now = self.clock().replace(microsecond=0)
        url = _signer(target).url("GET", _address(target).url(key), seconds, now)
        return attrs.evolve(stored, signed_url=url, expires_at=now + dt.timedelta(seconds=seconds))

    def _check(self, url: str, target: Target) -> None:
        try:
            self.sender.check(url)
        except SendRefused as exc:
            raise at_field(InputRefused, target.field, exc.reason) from exc


def _address(target: S3Target) -> BucketAddress:
    region = None if target.region is None else target.region.name
    return BucketAddress.of(target.endpoint.url.reveal(), target.bucket.name, region)


def _signer(target: S3Target) -> Signer:
    address = _address(target)
    return Signer(access_id=target.access_id.text, access_secret=target.access_secret.text, region=address.region)


def _headers_wanted(url: str) -> Mapping[str, str]:
    """What Azure wants beside the content type; others would take it for a header that was not signed."""
    names = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    return {"x-ms-blob-type": "BlockBlob"} if names >= _AZURE_QUERY else {}
