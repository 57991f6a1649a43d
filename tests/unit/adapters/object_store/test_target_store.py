"""What is sent to a target: which headers, how often, and what not."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.http.sending import GuardedSender
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.sigv4 import Signer
from adapters.object_store.target_store import SendingTargetStore
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import (
    DeadlineExceeded,
    InputRefused,
    StorageAuth,
    StorageBucket,
    StorageRejected,
    StorageUnavailable,
)
from domain.results import StoredObject
from domain.secret import Secret
from domain.targets import S3Target, Target
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.targets import ACCESS_ID, ACCESS_SECRET, s3_target, upload_url

KEY: Final = "ltx2/2026-01-13/job-1/video.mp4"
NOW: Final = dt.datetime(2026, 1, 13, 12, 0, 0, 500, tzinfo=dt.UTC)
CLIP: Final = b"clip" * 50_000
SHA256: Final = hashlib.sha256(CLIP).hexdigest()
HEADERS: Final = ObjectHeaders(content_type="video/mp4", sha256=SHA256, metadata={"job": "job-1"})
SIGNED: Final = "/clips/a.mp4?X-Amz-Signature=canary"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving({f"/clips/{KEY}": Reply(), "/clips/a.mp4": Reply()}) as running:
        yield running


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(CLIP)
    return path


def store(hosts: AllowedHosts | None = None, **options: Any) -> SendingTargetStore:
    here = AllowedHosts(frozenset({"127.0.0.1"}), setting="UPLOAD_ALLOWED_HOSTS")
    config = HttpConfig(private_hosts=frozenset({"127.0.0.1"}))
    sender = GuardedSender(config=config, hosts=here if hosts is None else hosts)
    options.setdefault("clock", lambda: NOW)
    return SendingTargetStore(sender=sender, policy=RetryPolicy(attempts=3, wait_initial=0.01), **options)


def put(clip: Path, target: Target, control: JobControl | None = None, **options: Any) -> StoredObject:
    return store(**options).put(clip, KEY, HEADERS, target, control or JobControl(), signed=True)


def bucket(server: HttpServer) -> S3Target:
    return s3_target(server.url(""))


def test_a_bucket_is_sent_a_signed_request_with_the_type_and_the_hash(server: HttpServer, clip: Path) -> None:
    put(clip, bucket(server))
    (seen,) = server.requests
    headers = {name.lower(): value for name, value in seen.headers.items()}
    assert (seen.method, seen.path, seen.body) == ("PUT", f"/clips/{KEY}", CLIP)
    assert headers["content-length"] == str(len(CLIP))
    wanted = {
        "Content-Type": "video/mp4",
        "Cache-Control": "max-age=3600",
        "X-Amz-Meta-job": "job-1",
        "X-Amz-Meta-Sha256": SHA256,
    }
    signer = Signer(access_id=Secret(ACCESS_ID), access_secret=Secret(ACCESS_SECRET), region="us-east-1")
    expected = signer.headers("PUT", server.url(f"/clips/{KEY}"), wanted, SHA256, NOW)
    assert headers.items() >= {name.lower(): value for name, value in expected.items()}.items()
    assert ACCESS_SECRET not in str(seen)


def test_a_body_whose_hash_is_not_known_is_not_signed(server: HttpServer, clip: Path) -> None:
    store().put(clip, KEY, ObjectHeaders(content_type="video/mp4"), bucket(server), JobControl(), signed=False)
    headers = {name.lower(): value for name, value in server.requests[0].headers.items()}
    assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "x-amz-meta-sha256" not in headers


def test_an_upload_url_is_sent_nothing_that_it_was_not_signed_for(server: HttpServer, clip: Path) -> None:
    put(clip, upload_url(server.url(SIGNED)))
    (seen,) = server.requests
    assert (seen.method, seen.path, seen.body) == ("PUT", SIGNED, CLIP)
    assert seen.headers["Content-Type"] == "video/mp4"
    assert [name for name in seen.headers if name.lower().startswith("x-") or name.lower() == "cache-control"] == []


def test_an_upload_url_of_azure_is_told_that_a_blob_comes(server: HttpServer, clip: Path) -> None:
    put(clip, upload_url(server.url("/clips/a.mp4?sv=2025-01-05&sp=cw&sig=canary")))
    assert server.requests[0].headers["x-ms-blob-type"] == "BlockBlob"


@pytest.mark.parametrize(("wanted", "given"), [(60, 60), (604_800, 604_800), (315_360_000, 604_800)])
def test_a_signed_url_lives_as_long_as_is_set_but_at_most_a_week(
    server: HttpServer, clip: Path, wanted: int, given: int
) -> None:
    stored = put(clip, bucket(server), signed_url_seconds=wanted)
    assert stored.signed_url is not None
    query = dict(parse_qsl(urlsplit(stored.signed_url).query))
    assert (query["X-Amz-Date"], query["X-Amz-Expires"]) == ("20260113T120000Z", str(given))
    assert stored.expires_at == NOW.replace(microsecond=0) + dt.timedelta(seconds=given)
    assert ACCESS_SECRET not in stored.signed_url


def test_what_may_pass_is_tried_again_with_the_whole_file_and_a_new_signature(server: HttpServer, clip: Path) -> None:
    moments = iter(NOW + dt.timedelta(minutes=number) for number in range(9))
    server.add(f"/clips/{KEY}", Reply(status=503), Reply(status=429, headers={"Retry-After": "0"}), Reply())
    put(clip, bucket(server), clock=lambda: next(moments))
    assert [seen.body for seen in server.requests] == [CLIP] * 3
    assert len({seen.headers["X-Amz-Date"] for seen in server.requests}) == 3


def test_what_never_answers_is_unavailable_and_says_that_nothing_is_kept(server: HttpServer, clip: Path) -> None:
    server.add("/clips/a.mp4", Reply(raw=b""))
    with pytest.raises(StorageUnavailable) as caught:
        put(clip, upload_url(server.url(SIGNED)))
    assert caught.value.message == (
        "upload_url could not be sent to: its host broke the transfer off. "
        "The clip was not kept: only the worker's own store has an outbox"
    )
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 413, 307])
def test_what_stays_wrong_is_tried_once_and_no_redirect_is_followed(
    server: HttpServer, clip: Path, status: int
) -> None:
    reply = Reply(status=status, headers={"Location": server.url("/elsewhere")})
    server.add("/clips/a.mp4", reply)
    with pytest.raises((StorageRejected, StorageAuth, StorageBucket)):
        put(clip, upload_url(server.url(SIGNED)))
    assert [seen.path for seen in server.requests] == [SIGNED]


def test_a_wait_ends_at_the_jobs_deadline(server: HttpServer, clip: Path) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.01
        return now[0]

    server.add("/clips/a.mp4", Reply(status=503, headers={"Retry-After": "30"}))
    with pytest.raises((DeadlineExceeded, StorageUnavailable)):
        put(clip, upload_url(server.url(SIGNED)), JobControl(deadline=1.0, clock=clock))
    assert len(server.requests) <= 2


def test_more_than_one_request_takes_is_refused_without_being_sent(server: HttpServer, tmp_path: Path) -> None:
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate((5 << 30) + 1)  # a hole: it takes no room
    for target in (bucket(server), upload_url(server.url(SIGNED))):
        with pytest.raises(StorageRejected, match=f"more than the 5368709120 bytes that one request to {target.field}"):
            put(huge, target)
    assert server.requests == []


def test_without_a_list_of_hosts_targets_are_off(server: HttpServer, clip: Path) -> None:
    nobody = AllowedHosts(setting="UPLOAD_ALLOWED_HOSTS")
    reason = "is not accepted by this worker: UPLOAD_ALLOWED_HOSTS names no host"
    for target in (bucket(server), upload_url(server.url(SIGNED))):
        with pytest.raises(InputRefused, match=f"^{target.field} {reason}$"):
            store(nobody).admit(target)
        with pytest.raises(InputRefused, match=reason):
            put(clip, target, hosts=nobody)
    assert server.requests == []


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (upload_url("https://other.example/?X=canary"), "must lead to a host that UPLOAD_ALLOWED_HOSTS names"),
        (s3_target("https://s3.example.com"), "must lead to a host that UPLOAD_ALLOWED_HOSTS names"),
        (upload_url("file:///etc/passwd"), "must be an https URL"),
        (
            upload_url("https://user:canary@127.0.0.1/"),  # pragma: allowlist secret
            "must not carry a user name or a password",
        ),
        (s3_target("https://10.0.0.1"), "leads to an address that is not allowed"),
    ],
)
def test_a_refusal_says_what_would_be_right(target: Target, reason: str) -> None:
    with pytest.raises(InputRefused) as caught:
        store().admit(target)
    assert caught.value.message == f"{target.field} {reason}"
    assert "canary" not in caught.value.message
