"""What a target's answer means, and that nothing else of it is told."""

import datetime as dt
import email.utils

import pytest

from adapters.http.sending import Answer
from adapters.object_store.retries import Transient
from adapters.object_store.target_failures import failure
from domain.errors import StorageAuth, StorageBucket, StorageRejected
from domain.targets import Target
from tests.support.targets import ACCESS_ID, s3_target, upload_url

BUCKET = s3_target("https://s3.example.com")
URL = upload_url("https://s3.example.com/?X-Amz-Signature=canary")


def told(status: int, body: bytes = b"", target: Target = BUCKET, **headers: str) -> tuple[type, str]:
    error = failure(Answer(status, headers, body), target)
    assert error is not None
    return type(error), error.message


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_is_no_failure(status: int) -> None:
    assert failure(Answer(status, {}, b"<Code>AccessDenied</Code>"), BUCKET) is None


@pytest.mark.parametrize(
    ("status", "kind", "of_bucket", "of_url"),
    [
        (401, StorageAuth, "its key is wrong", "it has expired"),
        (403, StorageAuth, "has no right to write into the bucket", "signed for another method or other headers"),
        (404, StorageBucket, "s3Config leads to no bucket", "upload_url leads to no bucket"),
        (400, StorageRejected, "refused the clip", "refused the clip"),
        (405, StorageRejected, "refused the clip", "refused the clip"),
        (411, StorageRejected, "refused the clip", "refused the clip"),
        (412, StorageRejected, "refused the clip", "refused the clip"),
        (413, StorageRejected, "refused the clip", "refused the clip"),
        (301, StorageRejected, "endpoint or the region of another place", "must take the clip itself: it redirects"),
        (307, StorageRejected, "endpoint or the region of another place", "must take the clip itself: it redirects"),
        (408, Transient, "is not available", "is not available"),
        (429, Transient, "is not available", "is not available"),
        (500, Transient, "is not available", "is not available"),
        (503, Transient, "is not available", "is not available"),
        (599, Transient, "is not available", "is not available"),
        (102, StorageRejected, "refused the clip", "refused the clip"),
        (700, StorageRejected, "refused the clip", "refused the clip"),
    ],
)
def test_the_status_says_what_is_wrong(status: int, kind: type, of_bucket: str, of_url: str) -> None:
    for target, words in ((BUCKET, of_bucket), (URL, of_url)):
        found, message = told(status, target=target)
        assert found is kind
        assert words in message
        assert target.field in message
        assert f"status {status}" in message


def test_a_wrong_region_is_told_as_such() -> None:
    kind, message = told(400, b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>")
    assert kind is StorageRejected
    assert message == (
        "s3Config has the endpoint or the region of another place than the bucket's: "
        "status 400 (AuthorizationHeaderMalformed)"
    )


def test_a_known_code_is_told_and_nothing_else_of_the_answer() -> None:
    assert told(403, b"<Code>SignatureDoesNotMatch</Code><Message>canary</Message>")[1].endswith(
        "status 403 (SignatureDoesNotMatch)"
    )
    for body in (f"<Code>{ACCESS_ID}</Code>", "<Code>Canary</Code>", "<Code>a b</Code>", "canary", "\x00\xff"):
        assert told(403, body.encode())[1].endswith(": status 403")


def test_retry_after_is_taken_in_seconds_or_as_a_date() -> None:
    def rest(**headers: str) -> float | None:
        error = failure(Answer(503, headers, b""), URL)
        assert isinstance(error, Transient)
        return error.retry_after

    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=100)
    name = "retry-after"
    assert rest() is None
    assert rest(**{name: " 7 "}) == 7
    assert rest(**{name: email.utils.format_datetime(later, usegmt=True)}) == pytest.approx(100, abs=3)
    assert rest(**{name: email.utils.format_datetime(later.replace(tzinfo=None))}) == pytest.approx(100, abs=3)
    assert rest(**{name: "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    for nonsense in ("soon", "-1", "", "Wed, 99 Oct 2015"):
        assert rest(**{name: nonsense}) is None
