"""What callers are told of the failures of S3, GCS and Azure, and what they are not."""

import pytest
from obstore.exceptions import BaseError, GenericError, PermissionDeniedError, UnauthenticatedError

from adapters.object_store.obstore_failures import ObstoreFailures
from adapters.object_store.retries import Transient
from domain.errors import ObjectMissing, StorageAuth, StorageBucket, StorageRejected, StorageUnavailable, WorkerError

KEY = "key-that-must-not-be-seen"
HOST = "account.store.test"
FAILURES = ObstoreFailures((KEY, HOST))
DEBUG = (
    f"\n\nDebug source:\nGeneric {{\n    uri: Some(\n        https://{HOST}/clips/k?sig={KEY},\n    ), status: 503 }}"
)


def answered(
    status: int, code: str = "", message: str = "", *, verb: str = "PUT", body: str | None = None
) -> Exception:
    """As obstore 0.12.1 tells an answer."""
    if body is None and code:
        body = f"<?xml version='1.0'?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    text = (
        f"Generic S3 error: Error performing {verb} https://{HOST}/clips/k in 1.2ms, after 2 retries, max_retries: 2, "
        f"retry_timeout: 180s  - Server returned non-2xx status code: {status} Reason: {body or ''}{DEBUG}"
    )
    kind: type[Exception] = {401: UnauthenticatedError, 403: PermissionDeniedError, 404: FileNotFoundError}.get(
        status, GenericError
    )
    return kind(text)


def unanswered(kind: str, source: str = "") -> Exception:
    """As it tells a failure of the way to the store."""
    text = f"Generic S3 error: Error performing PUT https://{HOST}/clips/k in 1ms - HTTP error: error sending request"
    return GenericError(
        f"{text}\n\nDebug source:\nGeneric {{ inner: Http(\n HttpError {{\n kind: {kind},\n {source} }}"
    )


ANSWERS: list[tuple[type[WorkerError], Exception]] = [
    (StorageBucket, answered(404, "NoSuchBucket")),
    (StorageBucket, answered(404, "ContainerNotFound")),
    (StorageBucket, answered(400, "InvalidBucketName")),
    (StorageBucket, answered(301, "PermanentRedirect")),
    (StorageBucket, answered(301)),
    (StorageBucket, answered(307)),
    (ObjectMissing, answered(404, "NoSuchKey", verb="GET")),
    (ObjectMissing, answered(404, "BlobNotFound", verb="GET")),
    (ObjectMissing, answered(404, verb="HEAD")),
    (ObjectMissing, FileNotFoundError(f"Object at location k not found: Bulk delete request failed for key k: The "
                                      f"specified blob does not exist. (code: 404){DEBUG}")),
    (StorageAuth, GenericError(f"Bulk delete request failed for key k: Not allowed. (code: 403){DEBUG}")),
    (StorageAuth, answered(401)),
    (StorageAuth, answered(403)),
    (StorageAuth, answered(403, "AccessDenied")),
    (StorageAuth, answered(403, "SignatureDoesNotMatch")),
    (StorageAuth, answered(400, "ExpiredToken")),
    (StorageAuth, answered(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong")),
    (StorageAuth, answered(400, "InvalidArgument", "Credential access key has length 3, should be 32")),
    (StorageRejected, answered(400, "InvalidArgument", "Metadata is too long")),
    (StorageRejected, answered(400, "EntityTooLarge")),
    (StorageRejected, answered(405)),
    (StorageRejected, answered(409, "InvalidBlobType")),
    (StorageRejected, answered(412)),
    (StorageRejected, answered(413)),
    (StorageRejected, answered(501, "NotImplemented")),
    (Transient, answered(404, "NoSuchUpload")),
    *((StorageUnavailable, answered(status)) for status in (408, 429, 500, 502, 503, 504, 507)),
    (StorageUnavailable, answered(409, "OperationAborted")),
    (StorageUnavailable, answered(400, "RequestTimeout")),
    (StorageUnavailable, GenericError("<Error><Code>InternalError</Code><Message>oops</Message></Error>")),
    (StorageUnavailable, answered(404, verb="GET", body="<html><h1>Not found</h1></html>")),
    (StorageUnavailable, answered(404, body="Cannot PUT /clips/k")),
    (StorageUnavailable, GenericError("Generic S3 error: Got invalid multipart response: unexpected `Event::Eof`")),
    (StorageAuth, GenericError("Generic GCS error: GCP credential error: Unable to decode service account file")),
    (StorageAuth, GenericError("Generic MicrosoftAzure error: Invalid Access Key: Invalid symbol 32, offset 3.")),
    (StorageUnavailable, BaseError("anything")),
]  # fmt: skip


@pytest.mark.parametrize(("error", "exception"), ANSWERS)
def test_an_answer_has_a_kind(error: type[WorkerError], exception: Exception) -> None:
    assert type(FAILURES.of(exception)) is error


@pytest.mark.parametrize(("_", "exception"), ANSWERS)
def test_no_message_holds_an_address_or_a_key(_: object, exception: Exception) -> None:
    message = FAILURES.of(exception).message
    assert message
    assert [text for text in (KEY, HOST, "https", "clips/k", "Debug", "\n", "<") if text in message] == []
    assert len(message) < 400


@pytest.mark.parametrize(
    ("exception", "told"),
    [
        (unanswered("Connect", 'ConnectError(\n "dns error",\n'), "its host name does not resolve"),
        (unanswered("Connect", "error: InvalidCertificate(\n UnknownIssuer"), "its certificate is not valid"),
        (unanswered("Connect", 'ConnectError(\n "tcp connect error",\n'), "cannot be reached"),
        (unanswered("Timeout", "source: TimedOut"), "did not answer in time"),
        (unanswered("Request", "IncompleteMessage"), "The connection to the store broke"),
    ],
)
def test_a_failure_on_the_way_is_named(exception: Exception, told: str) -> None:
    error = FAILURES.of(exception)
    assert type(error) is StorageUnavailable
    assert told in error.message


def test_the_stores_own_words_are_passed_on_shortened_and_redacted() -> None:
    words = f"Key {KEY} of {HOST} &amp; https://{HOST}/x is no good.\nRequestId:1\nTime:2"
    message = FAILURES.of(answered(403, "InvalidAccessKeyId", words)).message
    assert message == (
        "The store refused the key: it is wrong, expired, or has too few rights "
        "(status 403, InvalidAccessKeyId: Key … of … & … is no good.)"
    )
    assert len(FAILURES.of(answered(400, "EntityTooLarge", "x" * 1000)).message) < 300


def test_a_404_whose_code_is_unknown_means_the_bucket_where_an_object_cannot_be_missing() -> None:
    strange = answered(404, "NotHere")
    assert type(FAILURES.of(strange)) is ObjectMissing
    assert type(FAILURES.of(strange, missing=StorageBucket)) is StorageBucket
